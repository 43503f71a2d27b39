//! Dispatches of a plan, ready to run: with their pipelines, and one copy for each shard of the
//! buffers that they bind by rows.

use std::collections::HashMap;
use std::rc::Rc;

use super::context::Gpu;
use super::kernel::Kernel;
use super::owned::Owned;
use super::shards::Shards;
use crate::plan::{Access, Dispatch, Program, STEP_STRIDE, Shape};

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
    pub fn alone(gpu: &Gpu, dispatch: &Dispatch, shape: Shape, buffers: &[&wgpu::Buffer]) -> Self {
        let kernel = Kernel::new(&gpu.device, dispatch.shader, &dispatch.source(shape));
        Self::new(gpu, dispatch, shape, &kernel.into(), buffers)
    }

    fn new(
        gpu: &Gpu,
        dispatch: &Dispatch,
        shape: Shape,
        kernel: &Rc<Kernel>,
        buffers: &[&wgpu::Buffer],
    ) -> Self {
        let bindings = dispatch.shader.bindings;
        Self {
            kernel: Rc::clone(kernel),
            group: kernel.bind(&gpu.device, dispatch.shader, buffers),
            workgroups: dispatch.groups.of(shape),
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
    shape: Shape,
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
    pub fn new(dispatches: Vec<Vec<Vec<Dispatch>>>, shape: Shape) -> Self {
        let programs = dispatches.iter().map(|_| None).collect();
        let (kernels, uniforms) = (HashMap::new(), HashMap::new());
        Self { shape, dispatches, programs, kernels, uniforms }
    }

    /// Returns the shape of its kernels.
    pub fn shape(&self) -> Shape {
        self.shape
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
        let source = dispatch.source(self.shape);
        let kernel = self.kernels.entry(source).or_insert_with_key(compile).clone();
        let [reads, writes] =
            [Access::ReadRows, Access::WriteRows].map(|by| firsts(buffers, dispatch, by));
        let mut all = Vec::with_capacity(reads.len() * writes.len());
        for (read, &first_read) in reads.iter().enumerate() {
            for (write, &first_write) in writes.iter().enumerate() {
                let bindings = shader.bindings.iter().zip(&dispatch.buffers);
                let [chunk, shard] = [[dispatch.chunk, 0, 0, 0], [first_read, first_write, 0, 0]];
                for ((_, access), _) in bindings.clone() {
                    match access {
                        Access::Chunk => self.add_uniform(gpu, chunk),
                        Access::Shard => self.add_uniform(gpu, shard),
                        _ => {}
                    }
                }
                let parts = bindings.map(|((_, access), buffer)| match access {
                    Access::Chunk => &*self.uniforms[&chunk],
                    Access::Shard => &*self.uniforms[&shard],
                    Access::Step | Access::Read | Access::Write => buffers[buffer.0].part(0),
                    Access::ReadRows => buffers[buffer.0].part(read),
                    Access::WriteRows => buffers[buffer.0].part(write),
                });
                let parts: Vec<&wgpu::Buffer> = parts.collect();
                all.push(Bound::new(gpu, dispatch, self.shape, &kernel, &parts));
            }
        }
        all
    }

    fn add_uniform(&mut self, gpu: &Gpu, words: [u32; 4]) {
        self.uniforms.entry(words).or_insert_with(|| gpu.uniform(words));
    }
}

/// Returns the first rows of the shards of the buffers that a dispatch binds with an access.
pub fn firsts(buffers: &[Shards], dispatch: &Dispatch, by: Access) -> Vec<u32> {
    let bindings = dispatch.shader.bindings.iter().zip(&dispatch.buffers);
    let mut firsts: Vec<Vec<u32>> = bindings
        .filter(|((_, access), _)| *access == by)
        .map(|(_, buffer)| buffers[buffer.0].firsts())
        .collect();
    let same = firsts.windows(2).all(|two| two[0] == two[1]);
    assert!(same, "{}: the buffers bound by rows have different shards", dispatch.shader.stem);
    firsts.pop().unwrap_or_else(|| vec![0])
}
