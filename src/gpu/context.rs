//! Adapter, device and queue, and the faults that arrive out of turn.

use std::sync::{Arc, Mutex};

use wgpu::BufferUsages;

use crate::error::{Error, Result};

/// A device and what has gone wrong with it.
#[derive(Debug, Clone)]
pub struct Gpu {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    fault: Arc<Mutex<Option<Error>>>,
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

    /// Asks for a device whose bindings may be `largest` bytes long.
    pub(super) async fn new(adapter: &wgpu::Adapter, largest: u64) -> Result<Self> {
        let available = adapter.limits();
        let mut limits = wgpu::Limits::defaults();
        limits.max_buffer_size = limits.max_buffer_size.max(largest);
        limits.max_storage_buffer_binding_size =
            limits.max_storage_buffer_binding_size.max(largest);
        let refused = |limit, wanted: u64, available: u64| {
            (wanted > available).then_some(Error::Limit { limit, wanted, available })
        };
        let refusal = refused("maxBufferSize", limits.max_buffer_size, available.max_buffer_size)
            .or(refused(
                "maxStorageBufferBindingSize",
                limits.max_storage_buffer_binding_size,
                available.max_storage_buffer_binding_size,
            ));
        if let Some(error) = refusal {
            return Err(error);
        }
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("twotower"),
            required_limits: limits,
            // A clock, for who asks where the time goes.
            required_features: adapter.features() & wgpu::Features::TIMESTAMP_QUERY,
            ..Default::default()
        };
        let (device, queue) = adapter
            .request_device(&descriptor)
            .await
            .map_err(|error| Error::DeviceRefused { reason: error.to_string() })?;

        let fault = Arc::new(Mutex::new(None));
        let lost = Arc::clone(&fault);
        device.set_device_lost_callback(move |_, reason| {
            note(&lost, Error::DeviceLost { reason });
        });
        let uncaptured = Arc::clone(&fault);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            note(&uncaptured, Error::Gpu { message: error.to_string() });
        }));
        Ok(Self { device, queue, fault })
    }

    /// The first thing that went wrong out of turn.
    pub(super) fn check(&self) -> Result<()> {
        match &*self.fault.lock().expect("nobody panics while holding the fault") {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    pub(super) fn encoder(&self) -> wgpu::CommandEncoder {
        self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default())
    }

    pub(super) fn buffer(&self, name: &str, size: u64, usage: BufferUsages) -> wgpu::Buffer {
        let label = format!("twotower.{name}");
        self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(&label),
            size,
            usage,
            mapped_at_creation: false,
        })
    }

    /// A uniform that never changes.
    pub(super) fn uniform(&self, words: [u32; 4]) -> wgpu::Buffer {
        let usage = BufferUsages::UNIFORM | BufferUsages::COPY_DST;
        let buffer = self.buffer("uniform", size_of_val(&words) as u64, usage);
        self.queue.write_buffer(&buffer, 0, bytemuck::bytes_of(&words));
        buffer
    }
}

/// Keeps the first fault: later ones are usually its consequences.
fn note(fault: &Mutex<Option<Error>>, error: Error) {
    fault.lock().expect("nobody panics while holding the fault").get_or_insert(error);
}
