//! Checks every composed shader against its contract and the limits of a default device, without a
//! GPU.

use std::collections::BTreeMap;
use std::mem::offset_of;

use naga::valid::{Capabilities, ValidationFlags, Validator};
use naga::{AddressSpace, StorageAccess, TypeInner};
use serde_json::json;
use twotower::Config;
use twotower::plan::{
    BagExtent, Bags, Counters, Dispatch, Entry, Extent, PROGRAMS, Plan, Step, Tally, Variant,
};

/// Returns every shader in every variant, by stem.
fn modules() -> Vec<(&'static str, Dispatch, naga::Module)> {
    let parsed = |variant| {
        let parse = move |(stem, dispatch)| {
            let module = parse(&dispatch, variant);
            (stem, dispatch, module)
        };
        dispatches().into_iter().map(parse)
    };
    Variant::ALL.into_iter().flat_map(parsed).collect()
}

/// Returns a dispatch of every shader, by stem.
fn dispatches() -> BTreeMap<&'static str, Dispatch> {
    let extent = Extent {
        users: 9,
        items: 5000,
        pairs: 100,
        hidden: 100,
        evaluated: 9,
        keeps_best: false,
        shuffled: true,
        bags: Bags {
            user_features: BagExtent { rows: 7, members: 20, most: 3 },
            item_features: BagExtent { rows: 5, members: 9000, most: 4 },
            history: BagExtent { rows: 5000, members: 100, most: 30 },
        },
    };
    let deep = json!({
        "user": { "features": ["age"], "history": {}, "layers": [24] },
        "item": { "features": ["genre"], "layers": [24] },
    });
    [
        json!({ "optimizer": { "kind": "sgd" }, "negatives": { "kind": "mixed" } }),
        json!({ "optimizer": { "kind": "adagrad" }, "negatives": { "kind": "uniform" } }),
        json!({ "negatives": { "kind": "popularity" } }),
        json!({ "negatives": { "logQ": "streaming" }, "cbns": {} }),
        json!({ "optimizer": { "kind": "adam" }, "onebp": {}, "skip": {} }),
        json!({ "optimizer": { "kind": "sgd" }, "towers": deep }),
        json!({ "optimizer": { "kind": "adagrad" }, "towers": deep }),
        json!({ "optimizer": { "kind": "adam" }, "towers": deep }),
    ]
    .into_iter()
    .flat_map(|options| {
        let plan = Plan::new(&Config::resolve(&options).expect("valid"), &extent);
        let ops = PROGRAMS.iter().flat_map(|program| plan.program(*program));
        ops.flat_map(|op| op.dispatches()).collect::<Vec<_>>()
    })
    .map(|dispatch| (dispatch.shader.stem, dispatch))
    .collect()
}

fn parse(dispatch: &Dispatch, variant: Variant) -> naga::Module {
    let source = dispatch.source(variant);
    naga::front::wgsl::parse_str(&source)
        .unwrap_or_else(|error| panic!("{}", error.emit_to_string(&source)))
}

#[test]
fn every_shader_of_the_crate_is_dispatched_by_some_plan() {
    let dispatched: Vec<&str> = dispatches().into_keys().collect();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/shaders");
    let files = std::fs::read_dir(folder).expect("the folder of shaders");
    let mut stems: Vec<String> = files
        .filter_map(|file| {
            let name = file.expect("a file").file_name().into_string().expect("a name");
            name.strip_suffix(".wgsl").map(String::from)
        })
        .collect();
    stems.sort_unstable();
    assert_eq!(dispatched, stems);
}

#[test]
fn every_shader_is_valid_without_any_optional_capability() {
    for (stem, _, module) in modules() {
        let mut validator = Validator::new(ValidationFlags::all(), Capabilities::empty());
        let result = validator.validate(&module);
        result.unwrap_or_else(|error| panic!("{stem}: {error:?}"));
    }
}

#[test]
fn bindings_are_those_of_the_contract() {
    for (stem, dispatch, module) in modules() {
        let mut declared: Vec<(u32, String, AddressSpace)> = module
            .global_variables
            .iter()
            .filter_map(|(_, variable)| {
                let binding = variable.binding?;
                assert_eq!(binding.group, 0, "{stem} must use only group 0");
                Some((binding.binding, variable.name.clone().expect("named"), variable.space))
            })
            .collect();
        declared.sort_by_key(|(binding, ..)| *binding);
        let contract = dispatch.shader.bindings;
        assert_eq!(declared.len(), contract.len(), "{stem}");
        assert_eq!(dispatch.bindings.len(), contract.len(), "{stem}");
        for ((n, (binding, name, space)), (expected, access)) in (0..).zip(&declared).zip(contract)
        {
            assert_eq!((*binding, name.as_str()), (n, *expected), "{stem}");
            let expected_space = if access.is_uniform() {
                AddressSpace::Uniform
            } else {
                let store =
                    if access.writes() { StorageAccess::STORE } else { StorageAccess::empty() };
                AddressSpace::Storage { access: StorageAccess::LOAD | store }
            };
            assert_eq!(*space, expected_space, "{stem}: {name}");
        }
        let storage = contract.iter().filter(|(_, access)| !access.is_uniform());
        assert!(storage.count() <= 8, "{stem} binds more storage buffers than every device has");
    }
}

#[test]
fn workgroups_fit_every_device() {
    for (stem, _, module) in modules() {
        let [entry] = module.entry_points.as_slice() else {
            panic!("{stem} must have one entry point");
        };
        assert_eq!(entry.name, "main", "{stem}");
        assert!(entry.workgroup_size.iter().product::<u32>() <= 256, "{stem}");
        let shared: u32 = module
            .global_variables
            .iter()
            .filter(|(_, variable)| variable.space == AddressSpace::WorkGroup)
            .map(|(_, variable)| module.types[variable.ty].inner.size(module.to_ctx()))
            .sum();
        assert!(shared <= 16_384, "{stem} needs {shared} bytes of workgroup memory");
    }
}

/// Returns the offsets of a struct's members in a shader, by name, and the struct's size.
fn layout(module: &naga::Module, name: &str) -> (BTreeMap<String, u32>, u32) {
    let mut types = module.types.iter().map(|(_, ty)| ty);
    let ty = types.find(|ty| ty.name.as_deref() == Some(name)).expect("the struct is declared");
    let TypeInner::Struct { members, span } = &ty.inner else { panic!("{name} is not a struct") };
    let offsets = members.iter().map(|m| (m.name.clone().expect("named"), m.offset)).collect();
    (offsets, *span)
}

#[test]
fn records_have_the_same_layout_in_rust_and_wgsl() {
    macro_rules! rust_layout {
        ($record:ty, $($field:ident),*) => {(
            BTreeMap::from([$((stringify!($field).to_owned(), offset_of!($record, $field) as u32)),*]),
            size_of::<$record>() as u32,
        )};
    }
    let dispatches = dispatches();
    let draw = parse(&dispatches["draw_batches"], Variant::Narrow);
    assert_eq!(
        layout(&draw, "Step"),
        rust_layout!(Step, number, slot, rows, ring, adam_m, adam_v, bank, cursor, rate)
    );
    let bank = parse(&dispatches["enqueue_entries"], Variant::Narrow);
    assert_eq!(layout(&bank, "Entry"), rust_layout!(Entry, item, log_q, mean_logit, padding));
    assert_eq!(
        layout(&draw, "Counters"),
        rust_layout!(Counters, steps, epoch, done, pairs, cursor, filled, warmup, epochs)
    );
    let tally = parse(&dispatches["count_stale"], Variant::Narrow);
    let expected = rust_layout!(Tally, stale_rows, woken_rows, stale_pairs, kept_pairs);
    assert_eq!(layout(&tally, "Tally"), expected);
    let (_, stride) = layout(&draw, "StepSlot");
    assert_eq!(stride as usize, twotower::plan::STEP_STRIDE * 4);
}
