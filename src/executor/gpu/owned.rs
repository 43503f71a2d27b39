//! Buffers that are destroyed with their owner.

use std::ops::Deref;

/// A buffer that is destroyed when its owner is dropped. Browsers keep other buffers until garbage
/// collection: a table of a million rows would outlive its run.
#[derive(Debug)]
pub struct Owned(pub(super) wgpu::Buffer);

impl Deref for Owned {
    type Target = wgpu::Buffer;

    fn deref(&self) -> &wgpu::Buffer {
        &self.0
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.destroy();
    }
}
