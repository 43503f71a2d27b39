//! Twin of `shaders/item_drift.wgsl`.

use twotower_simd::dot;

use super::Twin;
use super::memory::{Memory, view};
use crate::plan::ItemDrift;

impl Twin for ItemDrift {
    fn run(&self, memory: &mut Memory, _: usize) {
        let dim = self.dims.out;
        let [before, now, drift] = memory.many([self.before, self.now, self.drift]);
        let rows = view::<f32>(before).chunks_exact(dim).zip(view::<f32>(now).chunks_exact(dim));
        for (drift, (before, now)) in
            view::<[f32; 2]>(drift).iter_mut().zip(rows).take(self.dims.items)
        {
            let moved: f32 =
                now.iter().zip(before).map(|(now, before)| (now - before).powi(2)).sum();
            *drift = [moved.sqrt(), dot(now, now).sqrt()];
        }
    }
}
