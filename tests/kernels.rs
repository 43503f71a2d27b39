//! Each operation on the GPU against its CPU twin: from the same poisoned buffers, at the edges of
//! every size.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use twotower::gpu::Gpu;
use twotower::plan::{
    Buffer, BufferKind, Clock, Entry, Extent, IMPOSSIBLE, NO_ID, Op, PROGRAMS, Plan, Program, Step,
};
use twotower::random;
use twotower::{Config, cpu, gpu};

/// What fills a buffer that an operation should write: a NaN, so that a word left out shows.
const POISON: u32 = 0x7fc0_dead;

/// A plan on both executors.
struct Pair {
    plan: Plan,
    cpu: cpu::Executor,
    gpu: gpu::Executor,
}

impl Pair {
    fn new(options: &Value, extent: &Extent) -> Self {
        Self::with(&Config::resolve(options).expect("valid options"), extent)
    }

    fn with(config: &Config, extent: &Extent) -> Self {
        let plan = Plan::new(config, extent);
        let executor = pollster::block_on(async {
            let adapter = Gpu::adapter().await?;
            gpu::Executor::new(&adapter, &plan).await
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

    /// Data that makes every operation meaningful, and poison elsewhere.
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
        let (at, dims) = (self.plan.at, self.plan.dims);
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
        self.write(at.pairs, &pairs);
        let log_q: Vec<f32> = (0..dims.items).map(|item| -1.0 - (item % 7) as f32).collect();
        self.write(at.log_q, &log_q);
        let clock = Clock { steps: 41, epoch: 3, pairs: dims.pairs as u32, ..Clock::default() };
        // A bank that is half full, at its third place.
        let (cursor, filled) = (dims.bank.min(3) as u32, dims.bank as u32 / 2);
        self.write(at.clock, &[Clock { cursor, filled, warmup: 42, ..clock }]);
        if let Some(bank) = at.bank {
            let rows = dims.bank.next_multiple_of(8);
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
        for (tower, rows) in [(at.user, dims.users), (at.item, dims.items)] {
            let stream = rows as u32;
            self.write(tower.table, &normals(rows, stream));
            for state in tower.state.into_iter().flatten() {
                let squares: Vec<f32> =
                    (0..self.plan.words(state)).map(|n| (n % 5) as f32 / 10.0).collect();
                self.write(state, &squares);
            }
        }
        self.write(at.catalogue, &[Step { rows: dims.items as u32, ..Step::default() }]);
        let listed = |count: usize, room: usize| -> Vec<u32> {
            (0..count as u32).chain(std::iter::repeat(NO_ID)).take(room).collect()
        };
        self.write(at.item_list, &listed(dims.items, self.plan.words(at.item_list)));
        let queries = dims.queries.min(dims.users).min(11);
        self.write(at.query, &[Step { rows: queries as u32, ..Step::default() }]);
        self.write(at.query_users, &listed(queries, dims.queries));
        // Each user has seen as many items as its number, to the end of the room.
        let room = self.plan.words(at.seen_items);
        let seen = |user: usize| (user * (user + 1) / 2).min(room) as u32;
        self.write(at.seen_offsets, &(0..=dims.users).map(seen).collect::<Vec<_>>());
        self.write(at.seen_items, &(0..room).map(|n| draw(n, dims.items)).collect::<Vec<_>>());
    }

    /// Runs a program one operation at a time on both, and compares every buffer after each.
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
        for n in 0..self.plan.buffers.len() {
            if self.plan.buffers[n].kind == BufferKind::GpuScratch {
                continue;
            }
            let buffer = self.plan.buffer(n);
            let name = self.plan.buffers[n].name;
            let on_gpu = self.on_gpu(buffer);
            let on_cpu: Vec<u32> = self.cpu.read(buffer, 0..self.plan.words(buffer));
            let (len, columns) = self.meaningful(&self.plan.program(program)[op], buffer);
            for at in (0..len).filter(|at| at % columns.1 < columns.0) {
                assert!(
                    alike(on_gpu[at], on_cpu[at]),
                    "{context}: {name}[{at}] is {} on the GPU, {} on the CPU",
                    f32::from_bits(on_gpu[at]),
                    f32::from_bits(on_cpu[at]),
                );
                count += 1;
            }
            // What differs beyond what an operation answers for must not feed the next.
            self.gpu.write(buffer, 0, &on_cpu);
        }
        count
    }

    /// Words of a buffer that an operation answers for: how many, and of how many a row. A tile of
    /// scores may reach past the block's rows and the catalogue's items.
    fn meaningful(&self, op: &Op, buffer: Buffer) -> (usize, (usize, usize)) {
        let words = self.plan.words(buffer);
        match op {
            Op::ScoreItems(op) if op.scores == buffer => {
                let rows = self.plan.dims.queries.min(self.plan.dims.users).min(11);
                let stride = self.plan.dims.items.next_multiple_of(8);
                (rows * stride, (self.plan.dims.items, stride))
            }
            _ => (words, (1, 1)),
        }
    }
}

/// Equal words, or floats within 2e-4 of one another: sums of up to some thousand products in
/// another order, of numbers around 1.
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
    }
}

/// All programs of a plan, over a whole window and its edge.
fn check(options: &Value, extent: &Extent) {
    let mut pair = Pair::new(options, extent);
    pair.fill();
    pair.compare(Program::OpenWindow, 0);
    let steps = pair.plan.steps_in_epoch();
    // The first step, the epoch's last (it may be small), and one past it, which has no rows.
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

#[test]
fn onebp_matches() {
    for batch in [2, 63, 130] {
        let options = json!({ "batchSize": batch, "dim": 12, "onebp": { "beta": 0.9 } });
        check(&options, &extent(9, 37, 200));
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
    // One workgroup a pair; the option's bound keeps real batches below this.
    let mut config = Config::resolve(&json!({ "dim": 8 })).expect("valid options");
    config.batch_size = 65_535 + 300;
    let mut pair = Pair::with(&config, &extent(70_000, 70_000, config.batch_size));
    pair.fill();
    pair.compare(Program::OpenWindow, 0);
    let d_user = pair.plan.at.user.d_out.expect("the user tower is trained");
    let gradient: Vec<f32> = (0..pair.plan.words(d_user)).map(|n| (n % 11) as f32 - 5.0).collect();
    pair.write(d_user, &gradient);
    let ops = pair.plan.program(Program::Step);
    let update = ops.iter().position(|op| matches!(op, Op::UpdateRows(_))).expect("there is one");
    pair.compare_op(Program::Step, update, 0);
}

/// Negative control: the comparison above does see a kernel that is wrong in one number.
#[test]
#[should_panic(expected = "item_outputs")]
fn a_wrong_number_is_caught() {
    let mut pair = Pair::new(&json!({ "batchSize": 8, "dim": 8 }), &extent(5, 9, 16));
    pair.fill();
    pair.compare(Program::OpenWindow, 0);
    // The kernel reads a wrong number, and the comparison finds its output wrong: the input is put
    // right in between.
    let table = pair.plan.at.item.table;
    let right = f32::from_bits(pair.on_gpu(table)[3]);
    pair.gpu.write(table, 3, &[1.01 * right]);
    pair.gpu.run(Program::EmbedItems, 0);
    pair.gpu.write(table, 3, &[right]);
    pair.cpu.run(&pair.plan, Program::EmbedItems, 0);
    pair.compare_buffers("a wrong input", 0, Program::EmbedItems);
}

/// Negative control: poison is seen where a kernel leaves a word out.
#[test]
fn poison_is_like_nothing_else() {
    assert!(!alike(POISON, 0));
    assert!(!alike(POISON, IMPOSSIBLE.to_bits()));
    assert!(!alike(f32::to_bits(1.0), f32::to_bits(1.001)));
}
