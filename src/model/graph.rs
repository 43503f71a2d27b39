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
    pub multiply_adds: u64,
    /// Counted bytes per run.
    pub bytes: u64,
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
    pub buffers: Vec<(&'a str, u64)>,
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
        let nodes = |(program, once)| {
            plan.program(program).iter().map(move |op| node(plan, op, once, variant))
        };
        let operations: Vec<Node> = TRAINING.into_iter().flat_map(nodes).collect();
        Graph {
            edges: edges(&operations, plan.buffers.len()),
            operations,
            buffers: plan.buffers.iter().map(|spec| (spec.name.as_str(), spec.bytes())).collect(),
            pairs: self.counters.pairs_in_epoch,
            banked: self.counters.live_entries(),
        }
    }
}

fn node(plan: &Plan, op: &Op, once: Once, variant: Variant) -> Node {
    let dispatches = op.dispatches();
    let (mut shaders, mut reads, mut writes) = (Vec::new(), Vec::new(), Vec::new());
    for dispatch in &dispatches {
        keep(&mut shaders, (dispatch.shader.stem, dispatch.source(variant)));
        for (access, Buffer(buffer)) in dispatch.buffers() {
            // Scratch buffers only connect the dispatches of one operation, and every operation binds
            // the step's record.
            if plan.buffers[buffer].kind == BufferKind::Data && !access.is_uniform() {
                keep(if access.writes() { &mut writes } else { &mut reads }, buffer);
            }
        }
    }
    reads.retain(|buffer| !writes.contains(buffer));
    let work = op.work(plan.dims.bank);
    let operation = name(plan, &dispatches);
    let (multiply_adds, bytes) = (work.multiply_adds, work.bytes_moved);
    Node { operation, once, shaders, multiply_adds, bytes, reads, writes }
}

fn edges(operations: &[Node], buffers: usize) -> Vec<[usize; 3]> {
    let mut writers = vec![None; buffers];
    let mut edges = Vec::new();
    for (to, node) in operations.iter().enumerate() {
        let uses = node.reads.iter().chain(&node.writes);
        edges.extend(uses.filter_map(|&buffer| Some([writers[buffer]?, to, buffer])));
        for &buffer in &node.writes {
            writers[buffer] = Some(to);
        }
    }
    edges
}

/// Adds a value that is not in the list yet.
fn keep<T: PartialEq>(list: &mut Vec<T>, value: T) {
    if !list.contains(&value) {
        list.push(value);
    }
}
