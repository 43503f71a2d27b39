//! Readback without blocking: the copy is submitted now, the bytes are awaited later.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use bytemuck::Pod;
use futures_channel::oneshot;
use wgpu::BufferUsages;

use super::context::Gpu;
use super::owned::Owned;
use crate::error::Result;

/// Staging buffers for reuse. Losses are read at every submit, and at most two reads are pending,
/// so a run creates only two buffers for losses.
pub type Spares = Rc<RefCell<Vec<Owned>>>;

/// Size in bytes of the largest staging buffer that is kept: one for a table would double the
/// table's memory.
const SPARED: u64 = 1 << 16;

/// A pending read of words.
#[derive(Debug)]
pub struct Readback {
    spares: Spares,
    /// One buffer for each shard that is read.
    staging: Vec<Owned>,
    mapped: Vec<oneshot::Receiver<std::result::Result<(), wgpu::BufferAsyncError>>>,
    gpu: Gpu,
}

impl Readback {
    pub(super) fn new<'a>(
        gpu: &Gpu,
        spares: &Spares,
        commands: &mut wgpu::CommandEncoder,
        pieces: impl Iterator<Item = (&'a wgpu::Buffer, Range<u64>)>,
    ) -> Self {
        let stage = |(source, bytes): (&wgpu::Buffer, Range<u64>)| {
            let size = bytes.end - bytes.start;
            let fits = |spare: &Owned| spare.size() == size;
            let spare = spares.borrow().iter().position(fits);
            let usage = BufferUsages::MAP_READ | BufferUsages::COPY_DST;
            let staging = match spare {
                Some(n) => spares.borrow_mut().swap_remove(n),
                None => gpu.buffer("staging", size, usage),
            };
            commands.copy_buffer_to_buffer(source, bytes.start, &staging, 0, Some(size));
            staging
        };
        let staging = pieces.map(stage).collect();
        Self { spares: Rc::clone(spares), staging, mapped: Vec::new(), gpu: gpu.clone() }
    }

    /// Requests the mapping; the copy must have been submitted.
    pub(super) fn map(mut self) -> Self {
        for staging in &self.staging {
            let (sender, receiver) = oneshot::channel();
            staging.map_async(wgpu::MapMode::Read, .., move |result| {
                // There is no receiver if the readback was dropped.
                let _ = sender.send(result);
            });
            self.mapped.push(receiver);
        }
        self
    }

    /// Waits for the bytes.
    ///
    /// # Errors
    /// [`Error::DeviceLost`](crate::Error::DeviceLost) or [`Error::Gpu`](crate::Error::Gpu) if the device has failed.
    pub async fn finish<T: Pod>(self) -> Result<Vec<T>> {
        #[cfg(not(target_arch = "wasm32"))]
        self.gpu
            .device
            .poll(wgpu::PollType::wait_indefinitely())
            .map_err(|error| self.gpu.lost(error.to_string()))?;
        #[cfg(target_arch = "wasm32")]
        let _pump = super::firefox::Pump::start(&self.gpu.queue);
        let lost = |reason: &str| self.gpu.lost(reason.into());
        let bytes: u64 = self.staging.iter().map(|staging| staging.size()).sum();
        let mut words = vec![T::zeroed(); bytes as usize / size_of::<T>()];
        let mut rest: &mut [u8] = bytemuck::cast_slice_mut(&mut words);
        for (staging, receiver) in self.staging.into_iter().zip(self.mapped) {
            let mapped = receiver.await;
            self.gpu.check()?;
            mapped
                .map_err(|_| lost("a readback was dropped"))?
                .map_err(|error| lost(&error.to_string()))?;
            let view = staging.get_mapped_range(..).map_err(|error| lost(&error.to_string()))?;
            let (here, behind) = rest.split_at_mut(view.len());
            here.copy_from_slice(&view);
            rest = behind;
            drop(view);
            staging.unmap();
            if staging.size() <= SPARED {
                self.spares.borrow_mut().push(staging);
            }
        }
        Ok(words)
    }
}
