//! The updates of a tower's parameters, and the order in which the gradients of a row are summed.

use super::super::builder::Builder;
use super::super::{Buffer, Op, Parameter, Positives, Rule, SortUses, UpdateDense, UpdateRows};
use super::{Bag, Gradient, Pass, TowerParts};

/// A step's uses of a table's rows, sorted.
#[derive(Debug, Clone, Copy)]
pub struct Uses {
    /// (S, P).
    pub order: Buffer,
    /// Largest number of uses in a step.
    pub count: usize,
    /// Mean number of uses in a step.
    pub mean: usize,
}

impl Builder<'_> {
    /// Returns the operations that sort the uses of a tower's rows, and those that update every
    /// parameter that a pass's gradient reaches. `ids` are the uses of the id table.
    pub fn optimise(
        &mut self,
        parts: &TowerParts,
        pass: &Pass,
        gradient: &Gradient,
        ids: Option<Uses>,
    ) -> [Vec<Op>; 2] {
        let (mut sorts, mut updates) = (Vec::new(), Vec::new());
        if let (Some(id), Some(uses)) = (parts.id, ids) {
            updates.push(self.update_rows(id, pass.step, gradient.input, uses, parts.is_table));
        }
        let bags = [
            (parts.features, gradient.features, None),
            (parts.history, gradient.history, pass.positives),
        ];
        for (bag, d_out, left_out) in bags {
            if let (Some(bag), Some(d_out)) = (bag, d_out) {
                let (sort, uses) = self.sort_uses(bag, pass, left_out, None);
                sorts.push(sort);
                updates.push(self.update_rows(bag.table, pass.step, d_out, uses, false));
            }
        }
        for (layer, d_layer) in parts.layers.iter().zip(&gradient.layers) {
            for (parameter, &gradient) in [layer.weights, layer.bias].into_iter().zip(d_layer) {
                updates.push(Op::UpdateDense(UpdateDense {
                    rule: Rule::new(self.config.optimizer.kind, &parameter),
                    l2: self.config.optimizer.l2,
                    step: pass.step,
                    gradient,
                    table: parameter.table,
                    rows: self.words(parameter.table) / parameter.dim,
                    width: parameter.width,
                    dim: parameter.dim,
                }));
            }
        }
        [sorts, updates]
    }

    /// Returns the operation that lists and sorts a step's uses of the rows of a bag's table. If
    /// `candidates` are given, they use the same table: their gradients are in the first rows,
    /// whose number is given too, and the bag's come after.
    pub fn sort_uses(
        &mut self,
        bag: Bag,
        pass: &Pass,
        left_out: Option<Positives>,
        candidates: Option<(Positives, usize)>,
    ) -> (Op, Uses) {
        let mut op = SortUses {
            window: self.dims.window,
            owners: pass.ids,
            owners_per_slot: pass.ids_per_slot,
            left_out,
            candidates: candidates.map(|(candidates, _)| candidates),
            first_row: candidates.map_or(0, |(_, rows)| rows),
            lists: bag.lists,
            order: pass.ids,
        };
        let count = op.uses();
        let words = self.dims.window * count.next_power_of_two() * 2;
        let name = self.name(bag.lists.members).replace("members", "order");
        op.order = self.buffer(name, words);
        let (most, mean) = (bag.lists.most, bag.lists.mean);
        let mean = count - pass.ids_per_slot * (most - mean.min(most));
        let uses = Uses { order: op.order, count, mean };
        (Op::SortUses(op), uses)
    }

    /// Returns the operation that updates the rows that a step uses.
    pub fn update_rows(
        &self,
        parameter: Parameter,
        step: Buffer,
        d_out: Buffer,
        uses: Uses,
        normalized: bool,
    ) -> Op {
        Op::UpdateRows(UpdateRows {
            dims: self.dims,
            rule: Rule::new(self.config.optimizer.kind, &parameter),
            l2: self.config.optimizer.l2,
            normalize: normalized && self.config.normalize,
            step,
            ids_per_slot: uses.count,
            uses: uses.mean,
            order: uses.order,
            d_out,
            table: parameter.table,
        })
    }
}
