//! A compiled shader with its bind group layout.

use std::num::NonZeroU64;

use crate::plan::{Access, STEP_WORDS, Shader};

/// A pipeline and the layout of its single bind group.
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
                    ty: if access.is_uniform() {
                        wgpu::BufferBindingType::Uniform
                    } else {
                        wgpu::BufferBindingType::Storage { read_only: !access.writes() }
                    },
                    has_dynamic_offset: *access == Access::Step,
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

    /// Binds a buffer for each binding of a shader's contract.
    pub fn bind(
        &self,
        device: &wgpu::Device,
        shader: &Shader,
        buffers: &[&wgpu::Buffer],
    ) -> wgpu::BindGroup {
        let entries: Vec<wgpu::BindGroupEntry<'_>> = (0..)
            .zip(shader.bindings.iter().zip(buffers))
            .map(|(binding, ((_, access), buffer))| {
                let resource = match access {
                    // One record of many: a dynamic offset selects it.
                    Access::Step => wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                        buffer,
                        offset: 0,
                        size: NonZeroU64::new(STEP_WORDS as u64 * 4),
                    }),
                    _ => buffer.as_entire_binding(),
                };
                wgpu::BindGroupEntry { binding, resource }
            })
            .collect();
        device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(shader.stem),
            layout: &self.layout,
            entries: &entries,
        })
    }
}
