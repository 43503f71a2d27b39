//! A training step as a graph: its operations, and the buffers that one writes and another one reads.

use serde::Serialize;

use super::Model;
use super::profile::{Once, name};
use crate::executor::Executor;
use crate::plan::{Buffer, BufferKind, Op, Plan, Program, Variant};

/// One operation of a step, of a window of steps, or between epochs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// Its name, as in a profile.
    pub operation: String,
    /// How often it runs.
    pub once: Once,
    /// Name and WGSL of its shaders, in order, each once.
    pub shaders: Vec<(&'static str, String)>,
    /// Counted multiply-adds per run, for a full batch and a full bank.
    pub multiply_adds: f64,
    /// Counted bytes per run.
    pub bytes: f64,
    /// Numbers of the buffers that it only reads.
    pub reads: Vec<usize>,
    /// Numbers of the buffers that it writes; it may read them, too.
    pub writes: Vec<usize>,
}

/// The operations of a step, of its window and between epochs, in the order in which they run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Graph<'a> {
    /// The operations.
    pub operations: Vec<Node>,
    /// Name and bytes of each buffer of the plan.
    pub buffers: Vec<(&'a str, f64)>,
    /// For each buffer that an operation uses: the last operation before it that wrote the buffer,
    /// the operation, the buffer.
    pub edges: Vec<[usize; 3]>,
    /// Number of pairs of this epoch.
    pub pairs: usize,
    /// Number of entries of the bank that are negatives in the next step.
    pub banked: usize,
}

/// The programs of training, in the order in which an epoch runs them.
pub const TRAINING: [(Program, Once); 8] = [
    (Program::SkipSnapshot, Once::Epoch),
    (Program::SkipCompare, Once::Epoch),
    (Program::SkipCompact, Once::Epoch),
    (Program::OpenWindow, Once::Window),
    (Program::Step, Once::Step),
    (Program::SumLosses, Once::Window),
    (Program::CloseWindow, Once::Window),
    (Program::MeasureDrift, Once::Epoch),
];

impl Model {
    /// Returns the operations of a step, of its window and between epochs, with the buffers between
    /// them.
    pub fn graph(&self) -> Graph<'_> {
        let plan = &self.plan;
        let variant = match &self.executor {
            Executor::Cpu(_) => Variant::Narrow,
            Executor::Gpu(executor) => executor.variant(),
        };
        let mut operations = Vec::new();
        for (program, once) in TRAINING {
            for op in plan.program(program) {
                operations.push(node(plan, op, once, variant));
            }
        }
        let mut buffers = Vec::new();
        for spec in &plan.buffers {
            buffers.push((spec.name.as_str(), spec.bytes() as f64));
        }
        Graph {
            edges: edges(&operations, plan.buffers.len()),
            operations,
            buffers,
            pairs: self.counters.pairs_in_epoch,
            banked: self.counters.live_entries(),
        }
    }
}

fn node(plan: &Plan, op: &Op, once: Once, variant: Variant) -> Node {
    let dispatches = op.dispatches();
    let work = op.work(plan.dims.bank);
    let mut node = Node {
        operation: name(plan, &dispatches),
        once,
        shaders: Vec::new(),
        multiply_adds: work.multiply_adds as f64,
        bytes: work.bytes_moved as f64,
        reads: Vec::new(),
        writes: Vec::new(),
    };
    for dispatch in &dispatches {
        let stem = dispatch.shader.stem;
        if !node.shaders.iter().any(|(known, _)| *known == stem) {
            node.shaders.push((stem, dispatch.source(variant)));
        }
        for (access, Buffer(buffer)) in dispatch.buffers() {
            // Scratch buffers only connect the dispatches of one operation, and every operation binds
            // the step's record.
            let is_data = plan.buffers[buffer].kind == BufferKind::Data && !access.is_uniform();
            let list = if access.writes() { &mut node.writes } else { &mut node.reads };
            if is_data && !list.contains(&buffer) {
                list.push(buffer);
            }
        }
    }
    let writes = &node.writes;
    node.reads.retain(|buffer| !writes.contains(buffer));
    node
}

fn edges(operations: &[Node], buffers: usize) -> Vec<[usize; 3]> {
    let mut writers = vec![None; buffers];
    let mut edges = Vec::new();
    for (to, node) in operations.iter().enumerate() {
        for &buffer in node.reads.iter().chain(&node.writes) {
            if let Some(from) = writers[buffer] {
                edges.push([from, to, buffer]);
            }
        }
        for &buffer in &node.writes {
            writers[buffer] = Some(to);
        }
    }
    edges
}
