//! Chooses the faster variant of the kernels by a measurement on the adapter: the adapter's name
//! does not tell which variant is faster.

use std::sync::Mutex;

use web_time::Instant;
use wgpu::BufferUsages;

use super::Gpu;
use super::bind::Bound;
use super::device::{Identity, Turn};
use super::readback::{Readback, Spares};
use crate::error::Result;
use crate::plan::{STEP_STRIDE, Step, Variant, softmax_rows_alone};

/// Rows and columns of the measured logits. They take some milliseconds on a software adapter, and
/// less than a round trip on a GPU.
const SIZE: (usize, usize) = (256, 1024);

/// Number of runs of each variant; the fastest counts.
const RUNS: usize = 3;

/// The wide variant is chosen only if it takes less than this share of the narrow one's time. On
/// software adapters, it takes a third. Browsers' clocks are coarse, so a small difference means
/// nothing.
const CLEARLY: f64 = 0.67;

/// Variants of the adapters that were measured: all runs of a process must agree bit for bit, even on
/// a device that was reopened.
static QUICKER: Mutex<Vec<(Identity, Variant)>> = Mutex::new(Vec::new());

/// Returns the faster variant on the device's adapter. It is measured once.
///
/// # Errors
/// See [`Readback::finish`].
pub(super) async fn quicker(_turn: &Turn, gpu: &Gpu) -> Result<Variant> {
    if let Some(variant) = known(gpu) {
        return Ok(variant);
    }
    let (rows, columns) = SIZE;
    let words = |name, count: usize, usage| gpu.buffer(name, 4 * count as u64, usage);
    let storage = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
    let step = words("step", STEP_STRIDE, BufferUsages::UNIFORM | BufferUsages::COPY_DST);
    let record = Step::of_block(0, rows);
    gpu.queue.write_buffer(&step, 0, bytemuck::bytes_of(&record));
    let chunk = gpu.uniform([0; 4]);
    let row_loss = words("row_loss", rows, storage);
    let buffers = [
        step,
        chunk,
        words("logits", rows * columns, storage),
        row_loss,
        words("row_lse", rows, storage),
    ];
    let buffers: Vec<&wgpu::Buffer> = buffers.iter().map(|buffer| &**buffer).collect();
    let row_loss = buffers[3];
    let dispatch = softmax_rows_alone(rows, columns);
    let bounds = Variant::ALL.map(|variant| Bound::alone(gpu, &dispatch, variant, &buffers));
    let spares = Spares::default();
    let mut least = [f64::INFINITY; Variant::ALL.len()];
    // The first round compiles the shaders.
    for round in 0..=RUNS {
        for (bound, least) in bounds.iter().zip(&mut least) {
            let started = Instant::now();
            let mut commands = gpu.encoder();
            bound.record(
                &mut commands.begin_compute_pass(&wgpu::ComputePassDescriptor::default()),
                0,
            );
            let done = [(row_loss, 0..4)].into_iter();
            let readback = Readback::new(gpu, &spares, &mut commands, done);
            gpu.queue.submit([commands.finish()]);
            readback.map().finish::<f32>().await?;
            if round > 0 {
                *least = least.min(started.elapsed().as_secs_f64());
            }
        }
    }
    let [narrow, wide] = least;
    let variant = if wide < CLEARLY * narrow { Variant::Wide } else { Variant::Narrow };
    QUICKER
        .lock()
        .expect("no code panics while it holds the lock")
        .push((gpu.adapter.clone(), variant));
    // Another thread may have finished its measurement first.
    Ok(known(gpu).unwrap_or(variant))
}

/// Returns the variant that was measured first on the device's adapter.
fn known(gpu: &Gpu) -> Option<Variant> {
    let measured = QUICKER.lock().expect("no code panics while it holds the lock");
    measured.iter().find(|(adapter, _)| *adapter == gpu.adapter).map(|(_, variant)| *variant)
}
