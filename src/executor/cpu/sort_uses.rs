//! Twin of `shaders/sort_uses.wgsl`.

use twotower_simd::sort_pairs;

use super::Twin;
use super::memory::Memory;
use crate::plan::{NO_ID, Positives, SortUses};

impl Twin for SortUses {
    fn run(&self, memory: &mut Memory, _: usize) {
        let places = self.uses().next_power_of_two();
        let items = self.candidates.or(self.left_out);
        let wanted = [self.owners, self.lists.offsets, self.lists.members, self.order];
        let ([owners, offsets, members, order], [item_ids]) =
            memory.many_and(wanted, [items.map(|items| items.item_ids)]);
        let item_ids =
            item_ids.zip(items).map(|(ids, Positives { candidates, .. })| (&*ids, candidates));
        let order: &mut [[u32; 2]] = bytemuck::cast_slice_mut(order);
        let owners = owners.chunks_exact(self.owners_per_slot);
        for (slot, (owners, order)) in owners.zip(order.chunks_exact_mut(places)).enumerate() {
            let item_ids =
                item_ids.map(|(ids, candidates)| &ids[slot * candidates..][..candidates]);
            let mut place = 0;
            let mut put = |entry: [u32; 2]| {
                order[place] = entry;
                place += 1;
            };
            if let Some(ids) = item_ids.filter(|_| self.candidates.is_some()) {
                (0..).zip(ids).for_each(|(row, &id)| put([id, row]));
            }
            let left_out = item_ids.filter(|_| self.left_out.is_some());
            for (row, &owner) in owners.iter().enumerate().filter(|(_, owner)| **owner != NO_ID) {
                let list = offsets[owner as usize] as usize..offsets[owner as usize + 1] as usize;
                let left_out = left_out.map_or(NO_ID, |positives| positives[row]);
                for &member in members[list].iter().filter(|&&member| member != left_out) {
                    put([member, (self.first_row + row) as u32]);
                }
            }
            order[place..].fill([NO_ID; 2]);
            sort_pairs(&mut order[..place]);
        }
    }
}
