//! Compares each operation on the GPU with its CPU twin: from the same poisoned buffers, at the
//! edges of every size.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};
use twotower::Config;
use twotower::executor::{Gpu, cpu, gpu};
use twotower::plan::{
    BagExtent, Bags, Buffer, BufferKind, Counters, Dispatch, Entry, Extent, IMPOSSIBLE, Lists,
    NO_ID, Op, PROGRAMS, Parameter, Part, Plan, Pool, Program, STEP_STRIDE, STEP_WORDS, Snapshots,
    Step, Tally, Tower, Variant,
};
use twotower::{negatives, random};

/// Initial value of a buffer that an operation should write: a NaN, so that a skipped word is
/// found.
const POISON: u32 = 0x7fc0_dead;

/// A plan on both executors, CPU and GPU.
struct Pair {
    plan: Plan,
    cpu: cpu::Executor,
    gpu: gpu::Executor,
}

impl Pair {
    fn new(options: &Value, extent: &Extent) -> Self {
        Self::with(&Config::resolve(options).expect("valid options"), extent, Variant::Narrow)
    }

    fn with(config: &Config, extent: &Extent, variant: Variant) -> Self {
        let plan = Plan::new(config, extent);
        let executor = pollster::block_on(async {
            let adapter = Gpu::adapter().await?;
            gpu::Executor::new(&adapter, &plan, Some(variant)).await
        });
        let gpu = executor.expect("the tests need a WebGPU adapter");
        Self { cpu: cpu::Executor::new(&plan).expect("there is memory"), gpu, plan }
    }

    fn write<T: bytemuck::Pod>(&mut self, buffer: Buffer, data: &[T]) {
        self.cpu.write(buffer, 0, data);
        self.gpu.write(buffer, 0, data);
    }

    fn on_gpu(&mut self, buffer: Buffer) -> Vec<u32> {
        let words = 0..self.plan.words(buffer);
        pollster::block_on(self.gpu.read_later(buffer, words).finish()).expect("reads back")
    }

    /// Writes data that every operation can use, and poison elsewhere.
    fn fill(&mut self) {
        for n in 0..self.plan.buffers.len() {
            let words = vec![POISON; self.plan.buffers[n].words];
            let buffer = self.plan.buffer(n);
            if self.plan.buffers[n].kind == BufferKind::GpuScratch {
                self.gpu.write(buffer, 0, &words);
            } else {
                self.write(buffer, &words);
            }
        }
        let (handles, dims) = (self.plan.handles, self.plan.dims);
        let draw = |n: usize, below: usize| random::hash(7, 99, n as u32) % below as u32;
        let normals = |rows: usize, stream| -> Vec<f32> {
            let row = |r: usize| {
                (0..dims.dim).map(move |k| {
                    let counter = (r * dims.width + k) as u32;
                    if k < dims.width { random::normal(1, stream, counter) } else { 0.0 }
                })
            };
            (0..rows).flat_map(row).collect()
        };
        let pairs: Vec<[u32; 2]> = (0..dims.pairs)
            .map(|n| [draw(2 * n, dims.users), draw(2 * n + 1, dims.items)])
            .collect();
        self.write(handles.pairs, &pairs);
        let log_q: Vec<f32> = (0..dims.items).map(|item| -1.0 - (item % 7) as f32).collect();
        self.write(handles.log_q, &log_q);
        let counters =
            Counters { steps: 41, epoch: 3, pairs: dims.pairs as u32, ..Counters::default() };
        // A half-filled bank, whose next place is the third.
        let (cursor, filled) = (dims.bank.min(3) as u32, dims.bank as u32 / 2);
        self.write(handles.counters, &[Counters { cursor, filled, warmup: 42, ..counters }]);
        if let Some(bank) = handles.cbns.map(|cbns| cbns.bank) {
            let rows = dims.bank_padded();
            self.write(bank.items, &normals(rows, 5));
            if let Some(users) = bank.users {
                self.write(users, &normals(rows, 6));
            }
            let entry = |n: usize| Entry {
                item: draw(n, dims.items),
                log_q: -2.0,
                mean_logit: (n % 3) as f32 - 1.0,
                padding: 0,
            };
            self.write(bank.entries, &(0..dims.bank).map(entry).collect::<Vec<_>>());
        }
        self.fill_negatives();
        for (stream, parameter) in (10..).zip(self.plan.parameters.clone()) {
            let Parameter { rows, width, dim, table, state, part, .. } = parameter;
            // Weights that preserve the length of a row. The gradient of an unscaled item tower's
            // bias is a sum of softmax gradients that cancel, so its error grows with that length.
            let scale = if let Part::Weights(_) = part { (rows as f32).sqrt() } else { 1.0 };
            let element = |at: usize| {
                let is_there = at / dim < rows && at % dim < width;
                if is_there { random::normal(1, stream, at as u32) / scale } else { 0.0 }
            };
            self.write(table, &(0..self.plan.words(table)).map(element).collect::<Vec<f32>>());
            for state in state.iter() {
                let squares: Vec<f32> =
                    (0..self.plan.words(state)).map(|n| (n % 5) as f32 / 10.0).collect();
                self.write(state, &squares);
            }
        }
        let lists = [handles.user.features, handles.user.history, handles.item.features];
        for lists in lists.into_iter().flatten() {
            self.fill_lists(lists);
        }
        let blocks = self.plan.words(handles.item_blocks) / STEP_STRIDE;
        let mut records = vec![0; blocks * STEP_STRIDE];
        for slot in 0..blocks {
            let record = Step::of_block(slot, 0);
            records[slot * STEP_STRIDE..][..STEP_WORDS]
                .copy_from_slice(bytemuck::cast_slice(&[record]));
        }
        self.write(handles.item_blocks, &records);
        let listed = |count: usize, room: usize| -> Vec<u32> {
            (0..count as u32).chain(std::iter::repeat(NO_ID)).take(room).collect()
        };
        self.write(handles.item_list, &listed(dims.items, self.plan.words(handles.item_list)));
        let queries = dims.queries.min(dims.users).min(11);
        self.write(handles.query, &[Step::of_block(0, queries)]);
        self.write(handles.query_users, &listed(queries, dims.queries));
        self.write(handles.wanted, &listed(dims.items.min(dims.queries - 1), dims.queries));
        // Words with all, no or some items barred; also bits after the last item.
        let bits = |word: usize| [0x8000_a0f1, 0, u32::MAX][word % 3];
        self.write(
            handles.barred,
            &(0..self.plan.words(handles.barred)).map(bits).collect::<Vec<_>>(),
        );
        // User n has seen n items, up to the size of the buffer.
        let room = self.plan.words(handles.seen_items);
        let seen = |user: usize| (user * (user + 1) / 2).min(room) as u32;
        self.write(handles.seen_offsets, &(0..=dims.users).map(seen).collect::<Vec<_>>());
        self.write(handles.seen_items, &(0..room).map(|n| draw(n, dims.items)).collect::<Vec<_>>());
        if let Some(skip) = handles.skip {
            self.write(skip.kept_pairs, &pairs);
            self.write(skip.threshold, &[0.5f32]);
            self.write(skip.tally, &[Tally::default()]);
            self.write(skip.item_counts, &vec![0u32; dims.items]);
            for (side, rows) in [(skip.user, dims.users), (skip.item, dims.items)] {
                let activity: Vec<f32> = (0..rows).map(|n| draw(n, 100) as f32 / 100.0).collect();
                self.write(side.activity, &activity);
                if let Some(stale) = side.stale {
                    self.write(stale, &(0..rows as u32).map(|row| row % 2).collect::<Vec<_>>());
                }
                if let Some(Snapshots { hot, before, now }) = side.snapshots {
                    let room = self.plan.words(hot);
                    self.write(hot, &listed(room.min(rows) - 1, room));
                    let count = self.plan.words(now) / dims.dim;
                    self.write(before, &normals(count, 1));
                    self.write(now, &normals(count, 2));
                }
            }
        }
    }

    /// Writes lists from 0 to `most` members. Members repeat within a list, and some lists contain
    /// only the first rows, including the step's positives.
    fn fill_lists(&mut self, lists: Lists) {
        let owners = self.plan.words(lists.offsets) - 1;
        let rows = self.list_rows(lists);
        let room = self.plan.words(lists.members);
        let most = lists.most.min(room / owners);
        let (mut offsets, mut members) = (vec![0], Vec::new());
        for owner in 0..owners {
            let bound = if owner % 2 == 0 { rows } else { rows.min(3) };
            let draw = |n: usize| random::hash(5, owner as u32, n as u32) % bound as u32;
            members.extend((0..owner * 5 % (most + 1)).map(draw));
            offsets.push(members.len() as u32);
        }
        members.resize(room, 0);
        self.write(lists.offsets, &offsets);
        self.write(lists.members, &members);
    }

    /// Returns the number of rows of the table that members of lists refer to.
    fn list_rows(&self, lists: Lists) -> usize {
        let handles = self.plan.handles;
        let is = |other: Option<Lists>| other.is_some_and(|other| other.members == lists.members);
        let rows = |tower, part| self.plan.parameter(tower, part).map(|parameter| parameter.rows);
        let of_history = rows(Tower::User, Part::History).or(rows(Tower::Item, Part::Id));
        match () {
            () if is(handles.user.features) => rows(Tower::User, Part::Features),
            () if is(handles.item.features) => rows(Tower::Item, Part::Features),
            () => of_history,
        }
        .expect("lists have a table")
    }

    /// Writes the source of the negatives, and the buffers of the streaming estimate.
    fn fill_negatives(&mut self) {
        let (handles, dims) = (self.plan.handles, self.plan.dims);
        match handles.pool {
            Some(Pool::Uniform { offsets, items }) => {
                // The first user and every fifth one have all items, the others some of them.
                let has = |user: usize, item: usize| (user + item).is_multiple_of(user % 5 + 1);
                let mut had = vec![0; self.plan.words(items)];
                let mut ends = vec![0];
                let mut end = 0;
                for user in 0..dims.users {
                    for item in (0..dims.items).filter(|item| has(user, *item)) {
                        if end < dims.pairs {
                            had[end] = item as u32;
                            end += 1;
                        }
                    }
                    ends.push(end as u32);
                }
                self.write(offsets, &ends);
                self.write(items, &had);
            }
            Some(Pool::Popularity { cumulative }) => {
                let counts: Vec<u32> = (0..dims.items as u32).map(|item| 1 + item % 9).collect();
                self.write(cumulative, &negatives::cumulative(&counts, 0.75));
            }
            Some(Pool::Mixed) | None => {}
        }
        if let Some(gaps) = handles.gaps {
            let means: Vec<f32> = (0..dims.items).map(|item| 0.5 + (item % 5) as f32).collect();
            self.write(gaps.gaps, &means);
            self.write(gaps.last_seen, &(0..dims.items as u32).map(|n| n % 42).collect::<Vec<_>>());
        }
    }

    /// Runs a program one operation at a time on both executors, and compares every buffer after
    /// each.
    fn compare(&mut self, program: Program, slot: usize) {
        for op in 0..self.plan.program(program).len() {
            self.compare_op(program, op, slot);
        }
    }

    fn compare_op(&mut self, program: Program, op: usize, slot: usize) {
        self.gpu.run_op(program, op, slot);
        self.cpu.run_op(&self.plan.program(program)[op], slot);
        let context = format!("{program:?}[{op}] at slot {slot}");
        let count = self.compare_buffers(&context, op, program);
        assert!(count > 0, "{context} compared nothing");
    }

    fn compare_buffers(&mut self, context: &str, op: usize, program: Program) -> usize {
        let mut count = 0;
        let dispatches = self.plan.program(program)[op].dispatches();
        let written: HashMap<Buffer, bool> = dispatches
            .iter()
            .flat_map(Dispatch::buffers)
            .filter(|(access, _)| access.writes())
            .map(|(access, buffer)| (buffer, access.is_exact()))
            .collect();
        for n in 0..self.plan.buffers.len() {
            if self.plan.buffers[n].kind == BufferKind::GpuScratch {
                continue;
            }
            let buffer = self.plan.buffer(n);
            let name = self.plan.buffers[n].name.clone();
            let on_gpu = self.on_gpu(buffer);
            let on_cpu: Vec<u32> = self.cpu.read(buffer, 0..self.plan.words(buffer));
            let (len, columns) = self.meaningful(&self.plan.program(program)[op], buffer);
            // A buffer that the operation does not write stays the same.
            let is_exact = written.get(&buffer).is_none_or(|exact| *exact);
            for at in (0..len).filter(|at| at % columns.1 < columns.0) {
                assert!(
                    on_gpu[at] == on_cpu[at] || !is_exact && alike(on_gpu[at], on_cpu[at]),
                    "{context}: {name}[{at}] is {} on the GPU, {} on the CPU",
                    number(on_gpu[at], is_exact),
                    number(on_cpu[at], is_exact),
                );
                count += 1;
            }
            // Differences in words that this operation does not define must not reach the next.
            self.gpu.write(buffer, 0, &on_cpu);
        }
        count
    }

    /// Returns the words of a buffer that an operation defines: their number, and the defined part
    /// of a row (columns, stride). A tile of scores may reach past the block's rows and the
    /// catalogue's items.
    fn meaningful(&self, op: &Op, buffer: Buffer) -> (usize, (usize, usize)) {
        let words = self.plan.words(buffer);
        match op {
            Op::ScoreItems(op) if op.scores == buffer => {
                let rows = self.plan.dims.queries.min(self.plan.dims.users).min(11);
                let stride = self.plan.dims.items_padded();
                (rows * stride, (self.plan.dims.items, stride))
            }
            _ => (words, (1, 1)),
        }
    }
}

/// Returns a word of a buffer as text.
fn number(word: u32, is_exact: bool) -> String {
    if is_exact { word.to_string() } else { f32::from_bits(word).to_string() }
}

/// Returns whether words are equal, or are floats within 2e-4 of each other: sums of up to some
/// thousand products in different orders, of numbers around 1.
fn alike(a: u32, b: u32) -> bool {
    if a == b {
        return true;
    }
    let (a, b) = (f32::from_bits(a), f32::from_bits(b));
    (a - b).abs() <= 2e-5 + 2e-4 * b.abs()
}

fn extent(users: usize, items: usize, pairs: usize) -> Extent {
    Extent {
        users,
        items,
        pairs,
        hidden: pairs,
        evaluated: users,
        keeps_best: false,
        shuffled: true,
        bags: Bags::default(),
    }
}

/// Adds lists for the towers, of at most `most` members each.
fn with_lists(extent: Extent, most: usize) -> Extent {
    let room = |owners: usize, rows| BagExtent { rows, members: (owners + 1) * most, most };
    let bags = Bags {
        user_features: room(extent.users, extent.users),
        item_features: room(extent.items, 5),
        history: room(extent.users, extent.items),
    };
    Extent { bags, ..extent }
}

/// Compares all programs of a plan, over a window and its end.
fn check(options: &Value, extent: &Extent) {
    check_in(Variant::Narrow, options, extent);
}

fn check_in(variant: Variant, options: &Value, extent: &Extent) {
    let config = Config::resolve(options).expect("valid options");
    let mut pair = Pair::with(&config, extent, variant);
    pair.fill();
    pair.compare(Program::OpenWindow, 0);
    let steps = extent.pairs.div_ceil(pair.plan.dims.batch);
    // The first step, the epoch's last (it may be small), and the one after it, which has no rows.
    let window = pair.plan.dims.window;
    let slots: std::collections::BTreeSet<usize> =
        [0, steps - 1, steps].into_iter().filter(|slot| *slot < window).collect();
    for slot in slots {
        pair.compare(Program::Step, slot);
    }
    for program in PROGRAMS.into_iter().skip(2) {
        pair.compare(program, 0);
    }
}

#[test]
fn operations_match_their_twins_at_the_edges_of_batch_and_width() {
    let mut seen = BTreeMap::new();
    for (batch, dim, pairs) in [
        (2, 1, 1),
        (2, 8, 5),
        (7, 3, 20),
        (63, 9, 130),
        (64, 8, 128),
        (65, 64, 200),
        (130, 300, 300),
    ] {
        for kind in ["sgd", "adagrad", "adam"] {
            let normalize = (batch + dim) % 2 == 0;
            let options = json!({
                "batchSize": batch, "dim": dim, "normalize": normalize,
                "negatives": { "logQ": kind != "sgd" },
                "optimizer": { "kind": kind, "l2": 0.01, "learningRate": 0.05 },
            });
            check(&options, &extent(29, 37, pairs));
            *seen.entry((kind, normalize)).or_insert(0) += 1;
        }
    }
    assert_eq!(seen.len(), 6, "every rule ran with and without scaling");
}

/// As floats, the integers of a record would all be nearly 0. And Adam's corrections must be more
/// exact than sums: for a step's number t, 1 / (1 − β^t) loses digits if β^t is near 1.
#[test]
fn the_records_of_a_window_are_exact() {
    let options = json!({
        "batchSize": 8, "dim": 8, "cbns": { "capacity": 30, "warmup": 45 },
        "optimizer": { "learningRate": 0.5, "schedule": "cosine", "warmup": 1.25 },
    });
    let mut pair = Pair::new(&options, &extent(5, 9, 8 * 40 - 3));
    let steps = (0..pair.plan.buffers.len()).find(|&n| pair.plan.buffers[n].name == "steps");
    let steps = pair.plan.buffer(steps.expect("the plan has steps"));
    for (done, epoch) in [(0, 0), (41, 1), (5000, 6)] {
        pair.fill();
        let counters = Counters {
            steps: done,
            pairs: 8 * 40 - 3,
            cursor: 3,
            filled: 9,
            warmup: 45,
            epoch,
            epochs: 7,
            done: 0,
        };
        pair.write(pair.plan.handles.counters, &[counters]);
        pair.compare_op(Program::OpenWindow, 0, 0);
        let on_gpu = pair.on_gpu(steps);
        let on_cpu: Vec<u32> = pair.cpu.read(steps, 0..pair.plan.words(steps));
        let record = |words: &[u32]| bytemuck::cast_slice::<u32, Step>(&words[..STEP_WORDS])[0];
        let records = on_gpu.chunks(STEP_STRIDE).zip(on_cpu.chunks(STEP_STRIDE));
        for (slot, (on_gpu, on_cpu)) in (0u32..).zip(records) {
            let (on_gpu, on_cpu) = (record(on_gpu), record(on_cpu));
            let number = done + slot + 1;
            let correction = |beta: f64| 1.0 / (1.0 - beta.powi(number as i32));
            for record in [on_gpu, on_cpu] {
                assert_eq!((record.number, record.slot), (number, slot));
                // The epoch's 40 steps use the first slots of the window.
                let place = f64::from(epoch) + f64::from(slot) / 40.0;
                let rises = ((place + 1.0 / 40.0) / 1.25).min(1.0);
                let falls = (1.0 + (std::f64::consts::PI * (place / 7.0).min(1.0)).cos()) / 2.0;
                let error = f64::from(record.rate) - 0.5 * rises * falls;
                assert!(error.abs() < 1e-6, "step {number}: a rate of {}", record.rate);
                for (ours, beta) in [(record.adam_m, 0.9), (record.adam_v, 0.999)] {
                    let error = f64::from(ours) / correction(beta) - 1.0;
                    assert!(error.abs() < 2e-6, "step {number}, β {beta}: {ours}");
                }
            }
            let counts = |step: Step| [step.rows, step.ring, step.bank, step.cursor];
            assert_eq!(counts(on_gpu), counts(on_cpu), "step {number}");
        }
    }
}

#[test]
fn a_bank_matches() {
    for (batch, capacity, sides) in
        [(16, 5, "items"), (16, 16, "both"), (33, 70, "both"), (8, 300, "items")]
    {
        let options = json!({
            "batchSize": batch, "dim": 9,
            "cbns": { "capacity": capacity, "warmup": 42, "sides": sides },
        });
        check(&options, &extent(19, 37, 5 * batch - 3));
    }
}

/// Tiles of 16 that exceed the edges of matrices padded to 8, and rows on four lanes. A wide tile's
/// code is long, and a software adapter compiles it for seconds, so there are few cases, which
/// cover every kernel.
#[test]
fn wide_threads_match_at_the_edges_of_their_tiles() {
    let banked = json!({
        "batchSize": 33, "dim": 9, "cbns": { "capacity": 70, "warmup": 42, "sides": "both" },
    });
    check_in(Variant::Wide, &banked, &extent(19, 37, 162));
    let layered = json!({
        "batchSize": 65, "dim": 40, "optimizer": { "kind": "adagrad" },
        "towers": { "item": { "layers": [24] } },
    });
    check_in(Variant::Wide, &layered, &extent(29, 37, 200));
}

#[test]
fn onebp_matches() {
    for batch in [2, 63, 130] {
        let options = json!({ "batchSize": batch, "dim": 12, "onebp": { "beta": 0.9 } });
        check(&options, &extent(9, 37, 200));
    }
}

#[test]
fn towers_match_at_the_edges_of_their_widths_and_lists() {
    for (n, (kind, batch, dim, most, layers, out)) in (0..).zip([
        ("sgd", 2, 1, 0, json!([]), 1),
        ("adagrad", 7, 9, 1, json!([1]), 3),
        ("adam", 16, 8, 5, json!([8]), 8),
        ("sgd", 33, 12, 40, json!([7, 30]), 17),
        ("adagrad", 65, 64, 3, json!([130, 66]), 64),
        ("adam", 130, 24, 7, json!([]), 72),
    ]) {
        let features = if kind == "sgd" { json!([]) } else { json!(["a"]) };
        let history = json!({
            "table": if kind == "sgd" { "shared" } else { "separate" },
            "power": f64::from(n % 3) / 2.0,
        });
        let options = json!({
            "batchSize": batch, "dim": dim, "normalize": n % 2 == 0,
            "optimizer": { "kind": kind, "l2": 0.01, "learningRate": 0.05 },
            "towers": {
                "user": {
                    "id": kind == "adam", "features": features, "history": history,
                    "layers": layers, "out": out,
                },
                "item": { "id": kind != "adam", "features": features, "layers": [11], "out": out },
            },
        });
        check(&options, &with_lists(extent(29, 37, 3 * batch - 1), most));
    }
}

#[test]
fn a_history_alone_matches_with_every_technique() {
    let user = json!({ "id": false, "history": {} });
    for more in [
        json!({}),
        json!({ "normalize": false, "negatives": { "logQ": "streaming" } }),
        json!({ "negatives": { "kind": "uniform" } }),
        json!({ "negatives": { "kind": "mixed" }, "cbns": { "capacity": 40, "warmup": 42 } }),
        json!({ "skip": { "policy": "random" } }),
    ] {
        let mut options = json!({ "batchSize": 21, "dim": 12, "towers": { "user": user } });
        for (key, value) in more.as_object().expect("an object") {
            options[key] = value.clone();
        }
        check(&options, &with_lists(extent(29, 37, 130), 9));
    }
    let onebp =
        json!({ "onebp": {}, "dim": 12, "towers": { "item": { "layers": [9], "out": 20 } } });
    check(&onebp, &extent(29, 37, 300));
}

#[test]
fn a_catalogue_of_several_blocks_matches() {
    let options = json!({ "batchSize": 16, "dim": 8, "towers": { "item": { "layers": [9] } } });
    let mut pair = Pair::new(&options, &extent(20, 3001, 40));
    pair.fill();
    for block in 0..3 {
        pair.compare(Program::EmbedItems, block);
    }
}

#[test]
fn drawn_negatives_match_at_the_edges_of_their_number() {
    for kind in ["uniform", "popularity", "mixed"] {
        for (batch, count, dim, extent) in [
            (2, 1, 1, extent(3, 2, 5)),
            (7, 1, 9, extent(29, 37, 200)),
            (3, 200, 8, extent(29, 37, 200)),
            (65, 7, 64, extent(29, 37, 200)),
            (16, 5, 12, extent(7, 4, 60)),
            (2, 1024, 300, extent(5, 3001, 3)),
        ] {
            let options = json!({
                "batchSize": batch, "dim": dim, "normalize": count % 2 == 0,
                "negatives": { "kind": kind, "count": count, "logQ": batch % 2 == 0 },
                "onebp": if batch == 16 { json!({}) } else { Value::Null },
                "cbns": if kind == "mixed" && batch > 2 { json!({ "capacity": 20 }) } else { Value::Null },
            });
            check(&options, &extent);
        }
    }
}

#[test]
fn the_streaming_estimate_matches() {
    for batch in [2, 7, 65, 300] {
        let options = json!({
            "batchSize": batch, "dim": 8, "negatives": { "logQ": "streaming" },
            "cbns": if batch == 7 { json!({ "capacity": 20 }) } else { Value::Null },
        });
        check(&options, &extent(29, 37, 400));
    }
}

#[test]
fn skipping_matches() {
    for policy in ["stale", "popularity", "cap", "random"] {
        for rows in ["both", "item"] {
            let kind = if rows == "both" { "in-batch" } else { "mixed" };
            let options = json!({
                "batchSize": 16, "dim": 12, "negatives": { "kind": kind },
                "skip": { "policy": policy, "rows": rows, "keep": 0.25 },
            });
            check(&options, &extent(29, 37, 300));
        }
    }
}

#[test]
fn pairs_are_compacted_at_the_edges_of_blocks() {
    // 256 pairs per block, and 256 blocks per round of the scan.
    for pairs in [0, 1, 255, 256, 257, 65_536, 65_537] {
        for (threshold, keep) in [(0.0, 0.0), (0.7, 0.0), (0.7, 0.5), (2.0, 0.0), (2.0, 0.5)] {
            let options = json!({ "dim": 8, "skip": { "keep": keep } });
            let mut pair = Pair::new(&options, &extent(29, 37, pairs));
            pair.fill();
            let skip = pair.plan.handles.skip.expect("it is on");
            pair.write(skip.threshold, &[threshold as f32]);
            pair.compare(Program::SkipCompact, 0);
            let words = 0..pair.plan.words(skip.tally);
            let tally: Tally = pair.cpu.read(skip.tally, words)[0];
            let (stale, kept) = (tally.stale_pairs as usize, tally.kept_pairs as usize);
            match (threshold, keep) {
                (0.0, _) => assert_eq!((stale, kept), (0, pairs), "all are kept"),
                (2.0, 0.0) => assert_eq!((stale, kept), (pairs, 0), "none is kept"),
                (_, 0.0) => assert_eq!(stale + kept, pairs),
                _ => assert!(stale + kept >= pairs),
            }
        }
    }
}

#[test]
fn pairs_over_a_cap_take_turns() {
    const EPOCHS: u32 = 8;
    let options = json!({ "dim": 8, "skip": { "policy": "cap" } });
    let mut pair = Pair::new(&options, &extent(29, 37, 700));
    pair.fill();
    let (handles, skip) = (pair.plan.handles, pair.plan.handles.skip.expect("it is on"));
    let room = |user: u32| if user.is_multiple_of(3) { 1.0 } else { f32::from(user as u16) / 30.0 };
    pair.write(skip.user.activity, &(0..29).map(room).collect::<Vec<_>>());
    pair.write(skip.item.activity, &[0.0f32; 37]);
    pair.write(skip.threshold, &[1.0f32]);
    let pairs: Vec<[u32; 2]> = pair.cpu.read(handles.pairs, 0..1400);
    let mut trained = BTreeMap::new();
    for epoch in 0..EPOCHS {
        pair.write(handles.counters, &[Counters { epoch, pairs: 700, ..Counters::default() }]);
        pair.write(skip.tally, &[Tally::default()]);
        pair.write(skip.item_counts, &[0u32; 37]);
        pair.compare(Program::SkipCompact, 0);
        let kept = pair.cpu.read::<Tally>(skip.tally, 0..pair.plan.words(skip.tally))[0].kept_pairs;
        for pair in pair.cpu.read::<[u32; 2]>(skip.kept_pairs, 0..2 * kept as usize) {
            *trained.entry(pair).or_insert(0.0) += 1.0;
        }
    }
    for pair in &pairs {
        let uses = pairs.iter().filter(|other| *other == pair).count() as f32;
        let times = trained.get(pair).copied().unwrap_or(0.0) / uses;
        let fair = room(pair[0]) * EPOCHS as f32;
        assert!((times - fair).abs() < 1.0, "{pair:?} was trained {times} times, not {fair}");
    }
}

#[test]
fn a_batch_whose_logits_take_several_chunks_matches() {
    let options = json!({ "batchSize": 2056, "dim": 8, "optimizer": { "kind": "sgd" } });
    check(&options, &extent(500, 700, 2500));
}

#[test]
fn a_catalogue_of_several_segments_matches() {
    check(&json!({ "batchSize": 16, "dim": 8 }), &extent(20, 3001, 400));
}

#[test]
fn more_than_65535_workgroups_reach_every_row() {
    // One workgroup per pair; the option's bound keeps real batches below this.
    let mut config = Config::resolve(&json!({ "dim": 8 })).expect("valid options");
    config.batch_size = 65_535 + 300;
    let mut pair = Pair::with(&config, &extent(70_000, 70_000, config.batch_size), Variant::Wide);
    pair.fill();
    pair.compare(Program::OpenWindow, 0);
    let d_user = pair.plan.handles.user.d_out.expect("the user tower is trained");
    let gradient: Vec<f32> = (0..pair.plan.words(d_user)).map(|n| (n % 11) as f32 - 5.0).collect();
    pair.write(d_user, &gradient);
    let ops = pair.plan.program(Program::Step);
    let update = ops.iter().position(|op| matches!(op, Op::UpdateRows(_))).expect("there is one");
    pair.compare_op(Program::Step, update, 0);
}

/// A longer sort has more rounds and more pairs per lane, and llvmpipe leaves a thread's loops
/// after too many iterations.
#[test]
fn sorts_of_any_length_end() {
    for batch in [1024, 4096, 16_384] {
        let config = Config::resolve(&json!({ "dim": 8, "batchSize": batch }));
        let extent = extent(9_000, 7_000, 2 * batch);
        let mut pair = Pair::with(&config.expect("valid options"), &extent, Variant::Wide);
        pair.fill();
        pair.compare(Program::OpenWindow, 0);
    }
}

/// One thread per row and vec4: the largest batch and width need one workgroup more than fits in
/// one dimension.
#[test]
fn lists_reach_every_row_past_65535_workgroups() {
    let options = json!({
        "dim": 1024, "batchSize": 16_384, "optimizer": { "kind": "sgd" },
        "towers": { "user": { "id": false, "features": ["a"] } },
    });
    let mut pair = Pair::new(&options, &with_lists(extent(9, 5, 16_384), 3));
    pair.fill();
    pair.compare_op(Program::OpenWindow, 0, 0);
    let ops = pair.plan.program(Program::Step);
    let gather = ops.iter().position(|op| matches!(op, Op::GatherBags(_))).expect("there is one");
    let scale = ops.iter().position(|op| matches!(op, Op::ScaleRows(_))).expect("there is one");
    pair.compare_op(Program::Step, gather, 0);
    pair.compare_op(Program::Step, scale, 0);
}

/// Negative control: the comparison above finds a kernel with one wrong number.
#[test]
#[should_panic(expected = "item_outputs")]
fn a_wrong_number_is_caught() {
    let mut pair = Pair::new(&json!({ "batchSize": 8, "dim": 8 }), &extent(5, 9, 16));
    pair.fill();
    pair.compare(Program::OpenWindow, 0);
    // The kernel reads a wrong number, and the comparison finds its wrong output: the input is
    // corrected in between.
    let table = pair.plan.parameter(Tower::Item, Part::Id).expect("items have one").table;
    let right = f32::from_bits(pair.on_gpu(table)[3]);
    pair.gpu.write(table, 3, &[1.01 * right]);
    pair.gpu.run(Program::EmbedItems, 0);
    pair.gpu.write(table, 3, &[right]);
    pair.cpu.run(&pair.plan, Program::EmbedItems, 0);
    pair.compare_buffers("a wrong input", 0, Program::EmbedItems);
}

/// Negative control: ids that are off by one are found, although they are tiny as floats.
#[test]
#[should_panic(expected = "item_ids[8] is")]
fn a_wrong_id_is_caught() {
    let options = json!({ "batchSize": 8, "dim": 8, "negatives": { "kind": "mixed" } });
    let mut pair = Pair::new(&options, &extent(5, 9, 16));
    pair.fill();
    pair.compare_op(Program::OpenWindow, 0, 0);
    let context = "a wrong id";
    pair.cpu.run_op(&pair.plan.program(Program::OpenWindow)[1], 0);
    pair.gpu.run_op(Program::OpenWindow, 1, 0);
    let item_ids = pair.plan.handles.item_ids;
    let right = pair.on_gpu(item_ids)[8];
    pair.gpu.write(item_ids, 8, &[right ^ 1]);
    pair.compare_buffers(context, 1, Program::OpenWindow);
}

/// Negative control: the comparison finds poison if a kernel skips a word.
#[test]
fn poison_is_like_nothing_else() {
    assert!(!alike(POISON, 0));
    assert!(!alike(POISON, IMPOSSIBLE.to_bits()));
    assert!(!alike(f32::to_bits(1.0), f32::to_bits(1.001)));
}
