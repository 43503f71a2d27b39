//! The adapter, and a run's share of a device.

use std::ops::Deref;
use std::rc::Rc;

use wgpu::BufferUsages;

use super::device::{Device, Turn};
use super::owned::Owned;
use crate::error::{Error, Result};

/// A share of a device: the device is destroyed with its last share.
#[derive(Debug, Clone)]
pub struct Gpu(Rc<Device>);

impl Deref for Gpu {
    type Target = Device;

    fn deref(&self) -> &Device {
        &self.0
    }
}

impl Gpu {
    /// Finds the adapter that the system prefers.
    ///
    /// # Errors
    /// [`Error::InsecureContext`], [`Error::NoWebGpu`] or [`Error::NoAdapter`].
    pub async fn adapter() -> Result<wgpu::Adapter> {
        #[cfg(target_arch = "wasm32")]
        super::environment::require_webgpu()?;
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = wgpu::Backends::PRIMARY;
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        };
        let adapter = wgpu::Instance::new(descriptor).request_adapter(&options).await;
        adapter.map_err(|error| Error::NoAdapter { reason: error.to_string() })
    }

    /// Refuses an adapter whose bindings cannot be `largest` bytes long.
    pub(super) fn check(adapter: &wgpu::Adapter, largest: u64) -> Result<()> {
        let (needed, available) = (wgpu::Limits::defaults(), adapter.limits());
        let check = |limit, default: u64, available: u64| {
            let wanted = largest.max(default);
            let fits = wanted <= available;
            fits.then_some(()).ok_or(Error::Limit { limit, wanted, available })
        };
        check("maxBufferSize", needed.max_buffer_size, available.max_buffer_size)?;
        check(
            "maxStorageBufferBindingSize",
            needed.max_storage_buffer_binding_size,
            available.max_storage_buffer_binding_size,
        )
    }

    /// Opens a device, or shares the thread's.
    pub(super) async fn open(turn: &Turn, adapter: &wgpu::Adapter) -> Result<Self> {
        Ok(Self(Device::shared(turn, adapter).await?))
    }

    pub(super) fn encoder(&self) -> wgpu::CommandEncoder {
        self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default())
    }

    pub(super) fn buffer(&self, name: &str, size: u64, usage: BufferUsages) -> Owned {
        let label = format!("twotower.{name}");
        Owned(self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(&label),
            size,
            usage,
            mapped_at_creation: false,
        }))
    }

    /// Creates a uniform that never changes.
    pub(super) fn uniform(&self, words: [u32; 4]) -> Owned {
        let usage = BufferUsages::UNIFORM | BufferUsages::COPY_DST;
        let buffer = self.buffer("uniform", size_of_val(&words) as u64, usage);
        self.queue.write_buffer(&buffer, 0, bytemuck::bytes_of(&words));
        buffer
    }
}
