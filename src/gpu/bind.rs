//! Dispatches of a plan, made ready to run: with their pipelines, and once for each shard of what they
//! bind by rows.

use std::collections::HashMap;
use std::rc::Rc;

use super::context::Gpu;
use super::kernel::Kernel;
use super::owned::Owned;
use super::shards::Shards;
use crate::plan::{Access, Dispatch, Program, STEP_STRIDE, Shape};

/// Bytes from one step's record to the next.
const STEP_BYTES: u32 = STEP_STRIDE as u32 * 4;

/// A dispatch with its pipeline and buffers.
#[derive(Debug)]
pub struct Bound {
    pub kernel: Rc<Kernel>,
    pub group: wgpu::BindGroup,
    pub workgroups: (u32, u32),
    /// Whether it binds the record of the step at hand.
    pub has_step: bool,
}

impl Bound {
    /// A dispatch over buffers of its own.
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

    /// Records it for a slot of the window.
    pub fn record(&self, pass: &mut wgpu::ComputePass<'_>, slot: usize) {
        let offset = self.has_step.then_some(slot as u32 * STEP_BYTES);
        pass.set_pipeline(&self.kernel.pipeline);
        pass.set_bind_group(0, &self.group, offset.as_slice());
        pass.dispatch_workgroups(self.workgroups.0, self.workgroups.1, 1);
    }
}

/// Makes programs ready, each when it is asked for first; what they share is made once.
#[derive(Debug)]
pub struct Binder {
    shape: Shape,
    /// Program, operation, dispatch.
    dispatches: Vec<Vec<Vec<Dispatch>>>,
    /// The programs that are ready: a dispatch has one for each of its shards.
    programs: Vec<Option<Vec<Vec<Bound>>>>,
    /// By their text.
    kernels: HashMap<String, Rc<Kernel>>,
    /// By their words.
    uniforms: HashMap<[u32; 4], Owned>,
}

impl Binder {
    /// One of a plan's programs.
    pub fn new(dispatches: Vec<Vec<Vec<Dispatch>>>, shape: Shape) -> Self {
        let programs = dispatches.iter().map(|_| None).collect();
        let (kernels, uniforms) = (HashMap::new(), HashMap::new());
        Self { shape, dispatches, programs, kernels, uniforms }
    }

    /// The shape of its kernels.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The operations of a program over the plan's buffers, ready to run.
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

    /// A dispatch for each pair of shards of what is read and what is written by rows: one, where nothing
    /// is longer than a binding may be.
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

/// First rows of the shards of what a dispatch binds with an access.
pub fn firsts(buffers: &[Shards], dispatch: &Dispatch, by: Access) -> Vec<u32> {
    let bindings = dispatch.shader.bindings.iter().zip(&dispatch.buffers);
    let mut firsts: Vec<Vec<u32>> = bindings
        .filter(|((_, access), _)| *access == by)
        .map(|(_, buffer)| buffers[buffer.0].firsts())
        .collect();
    let same = firsts.windows(2).all(|two| two[0] == two[1]);
    assert!(same, "{} binds the same rows of all", dispatch.shader.stem);
    firsts.pop().unwrap_or_else(|| vec![0])
}
