//! Twin of `shaders/aggregate_users.wgsl`.

use twotower_simd::add;

use super::Twin;
use super::memory::{Memory, view};
use crate::plan::{AggregateUsers, NO_ID};

impl Twin for AggregateUsers {
    fn run(&self, memory: &mut Memory, slot: usize) {
        let dim = self.dims.out;
        let places = self.dims.batch.next_power_of_two();
        let mut scratch = memory.take_scratch(dim);
        let sum = &mut scratch[..dim];
        let [order, items, users] = memory.many([self.order, self.items, self.users]);
        let order: &[[u32; 2]] = bytemuck::cast_slice(order);
        let order = &order[slot * places..][..places];
        let present = order.partition_point(|[user, _]| *user != NO_ID);
        let (items, users) = (view::<f32>(items), view::<f32>(users));
        for uses in order[..present].chunk_by(|a, b| a[0] == b[0]) {
            sum.fill(0.0);
            let mut stay = 1.0;
            for [_, row] in uses {
                add(sum, &items[*row as usize * dim..][..dim]);
                stay *= self.beta;
            }
            let user = &mut users[uses[0][0] as usize * dim..][..dim];
            for (e, sum) in user.iter_mut().zip(&*sum) {
                *e = stay * *e + (1.0 - stay) * (sum / uses.len() as f32);
            }
        }
        memory.give_scratch(scratch);
    }
}
