//! A compiled shader with the bind group layout of its contract.

use std::num::NonZeroU64;

use super::UNIFORM_STRIDE;
use crate::plan::{Access, Dispatch, STEP_WORDS, Shader};

/// A pipeline and the layout of its one bind group.
#[derive(Debug)]
pub struct Kernel {
    pub(super) pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
}

impl Kernel {
    /// Compiles a shader's final text.
    pub fn new(device: &wgpu::Device, shader: &Shader, source: &str) -> Self {
        let label = format!("twotower.{}", shader.stem);
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(&label),
            source: wgpu::ShaderSource::Wgsl(source.into()),
        });
        let entries: Vec<wgpu::BindGroupLayoutEntry> = (0..)
            .zip(shader.bindings)
            .map(|(binding, (_, access))| wgpu::BindGroupLayoutEntry {
                binding,
                visibility: wgpu::ShaderStages::COMPUTE,
                ty: wgpu::BindingType::Buffer {
                    ty: match access {
                        Access::Step | Access::Chunk => wgpu::BufferBindingType::Uniform,
                        Access::Read => wgpu::BufferBindingType::Storage { read_only: true },
                        Access::Write => wgpu::BufferBindingType::Storage { read_only: false },
                    },
                    has_dynamic_offset: matches!(access, Access::Step | Access::Chunk),
                    min_binding_size: None,
                },
                count: None,
            })
            .collect();
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some(&label),
            entries: &entries,
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(&label),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(&label),
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions {
                // The kernels write all workgroup memory that they read.
                zero_initialize_workgroup_memory: false,
                ..Default::default()
            },
            cache: None,
        });
        Self { pipeline, layout }
    }

    /// Binds a dispatch's buffers.
    pub fn bind(
        &self,
        device: &wgpu::Device,
        dispatch: &Dispatch,
        buffers: &[wgpu::Buffer],
        chunks: &wgpu::Buffer,
    ) -> wgpu::BindGroup {
        let entries: Vec<wgpu::BindGroupEntry<'_>> = (0..)
            .zip(dispatch.shader.bindings.iter().zip(&dispatch.buffers))
            .map(|(binding, ((_, access), buffer))| {
                let uniform = |buffer, bytes: u64| {
                    wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                        buffer,
                        offset: 0,
                        size: NonZeroU64::new(bytes),
                    })
                };
                let resource = match access {
                    Access::Step => uniform(&buffers[buffer.0], STEP_WORDS as u64 * 4),
                    Access::Chunk => uniform(chunks, UNIFORM_STRIDE),
                    Access::Read | Access::Write => buffers[buffer.0].as_entire_binding(),
                };
                wgpu::BindGroupEntry { binding, resource }
            })
            .collect();
        device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(dispatch.shader.stem),
            layout: &self.layout,
            entries: &entries,
        })
    }
}
