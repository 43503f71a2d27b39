//! Dispatches of a plan, made ready to run: with their pipelines, and once for each shard of what they
//! bind by rows.

use std::collections::HashMap;
use std::rc::Rc;

use super::context::Gpu;
use super::kernel::Kernel;
use super::shards::Shards;
use crate::plan::{Access, Dispatch, STEP_STRIDE, Shape};

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
    pub fn alone(gpu: &Gpu, dispatch: &Dispatch, shape: Shape, buffers: &[wgpu::Buffer]) -> Self {
        let kernel = Kernel::new(&gpu.device, dispatch.shader, &dispatch.source(shape));
        Self::new(gpu, dispatch, shape, &kernel.into(), buffers)
    }

    fn new(
        gpu: &Gpu,
        dispatch: &Dispatch,
        shape: Shape,
        kernel: &Rc<Kernel>,
        buffers: &[wgpu::Buffer],
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

/// Makes dispatches ready; what they share is made once.
#[derive(Debug)]
pub struct Binder<'a> {
    gpu: &'a Gpu,
    buffers: &'a [Shards],
    shape: Shape,
    /// By their text.
    kernels: HashMap<String, Rc<Kernel>>,
    /// By their words.
    uniforms: HashMap<[u32; 4], wgpu::Buffer>,
}

impl<'a> Binder<'a> {
    /// One over a plan's buffers.
    pub fn new(gpu: &'a Gpu, buffers: &'a [Shards], shape: Shape) -> Self {
        Self { gpu, buffers, shape, kernels: HashMap::new(), uniforms: HashMap::new() }
    }

    /// A dispatch for each pair of shards of what is read and what is written by rows: one, where nothing
    /// is longer than a binding may be.
    pub fn bind(&mut self, dispatch: &Dispatch) -> Vec<Bound> {
        let shader = dispatch.shader;
        let compile = |source: &String| Rc::new(Kernel::new(&self.gpu.device, shader, source));
        let source = dispatch.source(self.shape);
        let kernel = self.kernels.entry(source).or_insert_with_key(compile).clone();
        let [reads, writes] =
            [Access::ReadRows, Access::WriteRows].map(|by| firsts(self.buffers, dispatch, by));
        let mut all = Vec::with_capacity(reads.len() * writes.len());
        for (read, &first_read) in reads.iter().enumerate() {
            for (write, &first_write) in writes.iter().enumerate() {
                let bindings = shader.bindings.iter().zip(&dispatch.buffers);
                let buffers = bindings.map(|((_, access), buffer)| match access {
                    Access::Chunk => self.uniform([dispatch.chunk, 0, 0, 0]),
                    Access::Shard => self.uniform([first_read, first_write, 0, 0]),
                    Access::Step | Access::Read | Access::Write => self.buffers[buffer.0].part(0),
                    Access::ReadRows => self.buffers[buffer.0].part(read),
                    Access::WriteRows => self.buffers[buffer.0].part(write),
                });
                let buffers: Vec<wgpu::Buffer> = buffers.collect();
                all.push(Bound::new(self.gpu, dispatch, self.shape, &kernel, &buffers));
            }
        }
        all
    }

    fn uniform(&mut self, words: [u32; 4]) -> wgpu::Buffer {
        self.uniforms.entry(words).or_insert_with(|| self.gpu.uniform(words)).clone()
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
