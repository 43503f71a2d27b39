//! The forward pass of a tower: from ids to outputs.

use super::super::builder::Builder;
use super::super::{
    Affine, Buffer, GatherBags, GatherRows, Layer, NormalizeRows, Op, Parameter, Positives, TILE,
};
use super::{Bag, Dense, TowerParts};

/// A pass of rows through a tower: which rows, and the buffers in between.
#[derive(Debug, Clone)]
pub struct Pass {
    pub step: Buffer,
    pub ids: Buffer,
    pub ids_per_slot: usize,
    pub rows: usize,
    /// The positives, which histories skip.
    pub positives: Option<Positives>,
    /// (`rows`, O).
    pub out: Buffer,
    /// Inputs of the layers: (`rows`, width) each.
    pub(super) inputs: Vec<Buffer>,
    pub(super) feature_weights: Option<Buffer>,
    pub(super) history_weights: Option<Buffer>,
    pub(super) norms: Option<Buffer>,
}

impl Pass {
    /// Returns the pass of the first `rows` rows alone.
    pub fn first(&self, rows: usize) -> Self {
        Self { rows, ..self.clone() }
    }
}

impl Builder<'_> {
    /// Adds the buffers of a pass of `rows` rows through a tower, which ends in `out`.
    pub fn pass(
        &mut self,
        parts: &TowerParts,
        name: &str,
        [step, ids, out]: [Buffer; 3],
        [ids_per_slot, rows]: [usize; 2],
        positives: Option<Positives>,
    ) -> Pass {
        let inputs = parts.layers.iter().enumerate().map(|(n, layer)| {
            let width = layer.weights.rows.next_multiple_of(TILE);
            self.buffer(format!("{name}_input_{n}"), rows * width)
        });
        let inputs = inputs.collect();
        let weights = |builder: &mut Self, bag: Option<Bag>, what: &str| {
            bag.map(|_| builder.buffer(format!("{name}_{what}_weights"), rows))
        };
        Pass {
            step,
            ids,
            ids_per_slot,
            rows,
            positives,
            out,
            inputs,
            feature_weights: weights(self, parts.features, "feature"),
            history_weights: weights(self, parts.history, "history"),
            norms: (!parts.is_table).then(|| self.buffer(format!("{name}_norms"), rows)),
        }
    }

    /// Returns the operations from ids to outputs.
    pub fn forward(&self, parts: &TowerParts, pass: &Pass) -> Vec<Op> {
        let Pass { step, ids, ids_per_slot, rows, .. } = *pass;
        let input = pass.inputs.first().copied().unwrap_or(pass.out);
        let normalize = self.config.normalize;
        let mut ops = Vec::new();
        if let Some(id) = parts.id {
            ops.push(Op::GatherRows(GatherRows {
                step,
                ids,
                table: id.table,
                out: input,
                dim: id.dim,
                ids_per_slot,
                rows,
                normalize: normalize && parts.is_table,
            }));
        }
        let bags = [
            (parts.features, pass.feature_weights, None),
            (parts.history, pass.history_weights, pass.positives),
        ];
        for (bag, weights, left_out) in bags {
            let (Some(Bag { table, lists, power }), Some(weights)) = (bag, weights) else {
                continue;
            };
            ops.push(Op::GatherBags(GatherBags {
                step,
                ids,
                left_out,
                lists,
                table: table.table,
                power,
                weights,
                out: input,
                adds: !ops.is_empty(),
                dim: table.dim,
                ids_per_slot,
                rows,
            }));
        }
        let ends = pass.inputs.iter().skip(1).copied().chain([pass.out]);
        for (n, (&x, y)) in pass.inputs.iter().zip(ends).enumerate() {
            let Dense { weights, bias } = parts.layers[n];
            ops.push(Op::Affine(Affine {
                layer: layer(weights, rows),
                x,
                weights: weights.table,
                bias: bias.table,
                y,
                relu: n + 1 < parts.layers.len(),
            }));
        }
        if let (Some(norms), true) = (pass.norms, normalize) {
            let dim = self.dims.out;
            ops.push(Op::NormalizeRows(NormalizeRows { out: pass.out, norms, rows, dim }));
        }
        ops
    }
}

pub(super) fn layer(weights: Parameter, rows: usize) -> Layer {
    let input = weights.rows.next_multiple_of(TILE);
    Layer { rows, input, output: weights.dim }
}
