//! Twin of `shaders/gather_bags.wgsl`.

use twotower_simd::{add, add_scaled};

use super::Twin;
use super::memory::{Memory, view};
use crate::plan::{GatherBags, NO_ID, Positives};

impl Twin for GatherBags {
    fn run(&self, memory: &mut Memory, slot: usize) {
        let step = memory.step(self.step, slot).slot as usize;
        let dim = self.dim;
        let mut scratch = memory.take_scratch(dim);
        let sum = &mut scratch[..dim];
        let wanted =
            [self.ids, self.lists.offsets, self.lists.members, self.table, self.weights, self.out];
        let ([ids, offsets, members, table, weights, out], [positives]) =
            memory.many_and(wanted, [self.left_out.map(|positives| positives.item_ids)]);
        let ids = &ids[step * self.ids_per_slot..][..self.ids_per_slot.min(self.rows)];
        let positives = positives.zip(self.left_out);
        let positives =
            positives.map(|(ids, Positives { candidates, .. })| &ids[step * candidates..]);
        let (table, weights) = (view::<f32>(table), &mut view::<f32>(weights)[..self.rows]);
        let out = view::<f32>(out)[..self.rows * dim].chunks_exact_mut(dim);
        for (row, (out, weight)) in out.zip(weights).enumerate() {
            sum.fill(0.0);
            let mut count = 0;
            if let Some(&id) = ids.get(row).filter(|&&id| id != NO_ID) {
                let list = offsets[id as usize] as usize..offsets[id as usize + 1] as usize;
                let left_out = positives.map_or(NO_ID, |positives| positives[row]);
                for &member in members[list].iter().filter(|&&member| member != left_out) {
                    add(sum, &table[member as usize * dim..][..dim]);
                    count += 1;
                }
            }
            *weight = if count == 0 { 0.0 } else { (count as f32).powf(-self.power) };
            if !self.adds {
                out.fill(0.0);
            }
            add_scaled(out, *weight, sum);
        }
        memory.give_scratch(scratch);
    }
}
