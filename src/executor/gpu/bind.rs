//! Dispatches of a plan, ready to run: with their pipelines, and one copy for each shard of the
//! buffers that they bind by rows.

use std::collections::HashMap;
use std::rc::Rc;

use super::context::Gpu;
use super::kernel::Kernel;
use super::owned::Owned;
use super::shards::Shards;
use crate::plan::{Access, Binding, Dispatch, Program, STEP_STRIDE, Variant};

/// Number of bytes from one step's record to the next.
const STEP_BYTES: u32 = STEP_STRIDE as u32 * 4;

/// A dispatch with its pipeline and buffers.
#[derive(Debug)]
pub struct Bound {
    pub kernel: Rc<Kernel>,
    pub group: wgpu::BindGroup,
    pub workgroups: (u32, u32, u32),
    /// Whether it binds the record of the current step.
    pub has_step: bool,
}

impl Bound {
    /// Creates a dispatch over the given buffers, outside of a plan.
    pub fn alone(
        gpu: &Gpu,
        dispatch: &Dispatch,
        variant: Variant,
        buffers: &[&wgpu::Buffer],
    ) -> Self {
        let kernel = Kernel::new(&gpu.device, dispatch.shader, &dispatch.source(variant));
        Self::new(gpu, dispatch, variant, &kernel.into(), buffers)
    }

    fn new(
        gpu: &Gpu,
        dispatch: &Dispatch,
        variant: Variant,
        kernel: &Rc<Kernel>,
        buffers: &[&wgpu::Buffer],
    ) -> Self {
        let bindings = dispatch.shader.bindings;
        Self {
            kernel: Rc::clone(kernel),
            group: kernel.bind(&gpu.device, dispatch.shader, buffers),
            workgroups: dispatch.groups.of(variant),
            has_step: bindings.iter().any(|(_, access)| *access == Access::Step),
        }
    }

    /// Records the dispatch for a slot of the window.
    pub fn record(&self, pass: &mut wgpu::ComputePass<'_>, slot: usize) {
        let offset = self.has_step.then_some(slot as u32 * STEP_BYTES);
        pass.set_pipeline(&self.kernel.pipeline);
        pass.set_bind_group(0, &self.group, offset.as_slice());
        let (x, y, z) = self.workgroups;
        pass.dispatch_workgroups(x, y, z);
    }
}

/// Prepares programs, each on first use; pipelines and uniforms are shared between them.
#[derive(Debug)]
pub struct Binder {
    variant: Variant,
    /// Indexed by program, operation, dispatch.
    dispatches: Vec<Vec<Vec<Dispatch>>>,
    /// The prepared programs: a dispatch has an entry for each of its shards.
    programs: Vec<Option<Vec<Vec<Bound>>>>,
    /// Kernels by their text.
    kernels: HashMap<String, Rc<Kernel>>,
    /// Uniforms by their words.
    uniforms: HashMap<[u32; 4], Owned>,
}

impl Binder {
    /// Creates a binder of a plan's programs.
    pub fn new(dispatches: Vec<Vec<Vec<Dispatch>>>, variant: Variant) -> Self {
        let programs = dispatches.iter().map(|_| None).collect();
        let (kernels, uniforms) = (HashMap::new(), HashMap::new());
        Self { variant, dispatches, programs, kernels, uniforms }
    }

    /// Returns the variant of its kernels.
    pub fn variant(&self) -> Variant {
        self.variant
    }

    /// Returns the operations of a program over the plan's buffers, ready to run.
    pub fn program(&mut self, program: Program, gpu: &Gpu, buffers: &[Shards]) -> &[Vec<Bound>] {
        let n = program as usize;
        if self.programs[n].is_none() {
            let ops = std::mem::take(&mut self.dispatches[n]);
            let mut bind = |op: &Vec<Dispatch>| {
                op.iter().flat_map(|one| self.bind(one, gpu, buffers)).collect()
            };
            self.programs[n] = Some(ops.iter().map(&mut bind).collect());
        }
        self.programs[n].as_deref().unwrap_or_default()
    }

    /// Returns a dispatch for each pair of shards that are read and written by rows: one dispatch
    /// if no buffer exceeds the binding limit.
    fn bind(&mut self, dispatch: &Dispatch, gpu: &Gpu, buffers: &[Shards]) -> Vec<Bound> {
        let shader = dispatch.shader;
        let compile = |source: &String| Rc::new(Kernel::new(&gpu.device, shader, source));
        let source = dispatch.source(self.variant);
        let kernel = self.kernels.entry(source).or_insert_with_key(compile).clone();
        let [reads, writes] = [false, true].map(|writes| firsts(buffers, dispatch, writes));
        let mut all = Vec::with_capacity(reads.len() * writes.len());
        for (read, &first_read) in reads.iter().enumerate() {
            for (write, &first_write) in writes.iter().enumerate() {
                let shard = [first_read, first_write, 0, 0];
                for binding in &dispatch.bindings {
                    match binding {
                        Binding::Buffer(_) => {}
                        Binding::Chunk(chunk) => self.add_uniform(gpu, [chunk.0, 0, 0, 0]),
                        Binding::Shard => self.add_uniform(gpu, shard),
                    }
                }
                let parts = dispatch.bound().map(|(access, binding)| match binding {
                    Binding::Chunk(chunk) => &*self.uniforms[&[chunk.0, 0, 0, 0]],
                    Binding::Shard => &*self.uniforms[&shard],
                    Binding::Buffer(buffer) => buffers[buffer.0].part(match access {
                        Access::ReadRows => read,
                        Access::WriteRows | Access::WriteRowsExact => write,
                        _ => 0,
                    }),
                });
                let parts: Vec<&wgpu::Buffer> = parts.collect();
                all.push(Bound::new(gpu, dispatch, self.variant, &kernel, &parts));
            }
        }
        all
    }

    fn add_uniform(&mut self, gpu: &Gpu, words: [u32; 4]) {
        self.uniforms.entry(words).or_insert_with(|| gpu.uniform(words));
    }
}

/// Returns the first rows of the shards that a dispatch reads by rows, or writes by rows.
pub fn firsts(buffers: &[Shards], dispatch: &Dispatch, writes: bool) -> Vec<u32> {
    let by_rows = dispatch.buffers().filter(|(access, _)| access.is_by_rows());
    let by_rows = by_rows.filter(|(access, _)| access.writes() == writes);
    let mut firsts: Vec<Vec<u32>> = by_rows.map(|(_, buffer)| buffers[buffer.0].firsts()).collect();
    let same = firsts.windows(2).all(|two| two[0] == two[1]);
    assert!(same, "{}: the buffers bound by rows have different shards", dispatch.shader.stem);
    firsts.pop().unwrap_or_else(|| vec![0])
}
