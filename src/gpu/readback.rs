//! Reading back without blocking: the copy is submitted now, the bytes are awaited later.

use std::ops::Range;

use bytemuck::Pod;
use futures_channel::oneshot;
use wgpu::BufferUsages;

use super::context::Gpu;
use crate::error::{Error, Result};

/// Words on their way to the CPU.
#[derive(Debug)]
pub struct Readback {
    gpu: Gpu,
    staging: wgpu::Buffer,
    mapped: Option<oneshot::Receiver<std::result::Result<(), wgpu::BufferAsyncError>>>,
}

impl Readback {
    pub(super) fn new(
        gpu: &Gpu,
        commands: &mut wgpu::CommandEncoder,
        source: &wgpu::Buffer,
        bytes: Range<u64>,
    ) -> Self {
        let size = bytes.end - bytes.start;
        let staging = gpu.buffer("staging", size, BufferUsages::MAP_READ | BufferUsages::COPY_DST);
        commands.copy_buffer_to_buffer(source, bytes.start, &staging, 0, Some(size));
        Self { gpu: gpu.clone(), staging, mapped: None }
    }

    /// Asks for the mapping; the copy has to be submitted by now.
    pub(super) fn map(mut self) -> Self {
        let (sender, receiver) = oneshot::channel();
        self.staging.map_async(wgpu::MapMode::Read, .., move |result| {
            // Nobody listens where the readback was dropped.
            let _ = sender.send(result);
        });
        self.mapped = Some(receiver);
        self
    }

    /// Waits for the bytes.
    ///
    /// # Errors
    /// [`Error::DeviceLost`] or [`Error::Gpu`] if something went wrong on the way.
    pub async fn finish<T: Pod>(mut self) -> Result<Vec<T>> {
        #[cfg(not(target_arch = "wasm32"))]
        self.gpu
            .device
            .poll(wgpu::PollType::wait_indefinitely())
            .map_err(|error| Error::DeviceLost { reason: error.to_string() })?;
        let receiver = self.mapped.take().expect("a readback is mapped before it is finished");
        let mapped = receiver.await;
        self.gpu.check()?;
        let lost = |reason: &str| Error::DeviceLost { reason: reason.into() };
        mapped
            .map_err(|_| lost("a readback was dropped"))?
            .map_err(|error| lost(&error.to_string()))?;
        let view = self.staging.get_mapped_range(..).map_err(|error| lost(&error.to_string()))?;
        let words = bytemuck::pod_collect_to_vec(&view[..]);
        drop(view);
        self.staging.destroy();
        Ok(words)
    }
}
