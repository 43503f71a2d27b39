//! Reading back without blocking: the copy is submitted now, the bytes are awaited later.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use bytemuck::Pod;
use futures_channel::oneshot;
use wgpu::BufferUsages;

use super::context::Gpu;
use crate::error::{Error, Result};

/// Staging buffers to be used again. Losses are read at every submit, at most two of them at once: a
/// run makes two buffers for them and no more.
pub type Spares = Rc<RefCell<Vec<wgpu::Buffer>>>;

/// Longest staging buffer that is worth keeping: a table's would double its memory.
const SPARED: u64 = 1 << 16;

/// Words on their way to the CPU.
#[derive(Debug)]
pub struct Readback {
    gpu: Gpu,
    spares: Spares,
    staging: wgpu::Buffer,
    mapped: Option<oneshot::Receiver<std::result::Result<(), wgpu::BufferAsyncError>>>,
}

impl Readback {
    pub(super) fn new(
        gpu: &Gpu,
        spares: &Spares,
        commands: &mut wgpu::CommandEncoder,
        source: &wgpu::Buffer,
        bytes: Range<u64>,
    ) -> Self {
        let size = bytes.end - bytes.start;
        let fits = |spare: &wgpu::Buffer| spare.size() == size;
        let spare = spares.borrow().iter().position(fits);
        let staging = match spare {
            Some(n) => spares.borrow_mut().swap_remove(n),
            None => gpu.buffer("staging", size, BufferUsages::MAP_READ | BufferUsages::COPY_DST),
        };
        commands.copy_buffer_to_buffer(source, bytes.start, &staging, 0, Some(size));
        Self { gpu: gpu.clone(), spares: Rc::clone(spares), staging, mapped: None }
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
        self.staging.unmap();
        if self.staging.size() <= SPARED {
            self.spares.borrow_mut().push(self.staging);
        } else {
            self.staging.destroy();
        }
        Ok(words)
    }
}
