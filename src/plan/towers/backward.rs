//! The backward pass of a tower: from the gradient of its outputs to those of its layers and inputs.

use super::super::builder::Builder;
use super::super::{AffineBack, Buffer, NormalizeRowsBack, Op, Part, ScaleRows, TILE};
use super::forward::{Pass, layer};
use super::{Bag, Dense, TowerParts};

/// Gradients of a step's rows in the backward pass of a tower.
#[derive(Debug)]
pub struct Gradient {
    /// (`rows`, O) gradient with respect to the outputs.
    pub out: Buffer,
    /// (`rows` and more, D) gradient with respect to the tower's input.
    pub input: Buffer,
    inputs: Vec<Buffer>,
    pub(super) layers: Vec<[Buffer; 2]>,
    pub(super) features: Option<Buffer>,
    pub(super) history: Option<Buffer>,
}

impl Builder<'_> {
    /// Adds the buffers for the gradients of a pass; the gradient of the input has `more` rows for
    /// another tower.
    pub fn gradient(
        &mut self,
        parts: &TowerParts,
        name: &str,
        rows: usize,
        more: usize,
    ) -> Gradient {
        let (dim, out_dim) = (self.dims.dim, self.dims.out);
        let more_out = if parts.layers.is_empty() { more } else { 0 };
        let out = self.buffer(name, (rows + more_out) * out_dim);
        let inputs: Vec<Buffer> = (0..)
            .zip(&parts.layers)
            .map(|(n, layer)| {
                let width = layer.weights.rows.next_multiple_of(TILE);
                let more = if n == 0 { more } else { 0 };
                self.buffer(format!("{name}_input_{n}"), (rows + more) * width)
            })
            .collect();
        let layers = (0..)
            .zip(&parts.layers)
            .map(|(n, Dense { weights, bias })| {
                [(weights, "weights"), (bias, "bias")].map(|(parameter, what)| {
                    let words = self.words(parameter.table);
                    self.buffer(format!("{name}_{what}_{n}"), words)
                })
            })
            .collect();
        let is_own = |bag: &Bag| bag.table.part != Part::Id;
        let mut room = |bag: Option<Bag>, what: &str| {
            bag.filter(is_own).map(|_| self.buffer(format!("{name}_{what}"), rows * dim))
        };
        Gradient {
            out,
            input: inputs.first().copied().unwrap_or(out),
            features: room(parts.features, "features"),
            history: room(parts.history, "history"),
            inputs,
            layers,
        }
    }

    /// Returns the operations from the gradients of a pass's outputs back to those of its inputs
    /// and layers. If `items` is given, a history shares the item tower's table: its gradients go
    /// to that buffer, from that row.
    pub fn backward(
        &self,
        parts: &TowerParts,
        pass: &Pass,
        gradient: &Gradient,
        items: Option<(Buffer, usize)>,
    ) -> Vec<Op> {
        let Some(norms) = pass.norms else { return Vec::new() };
        let rows = pass.rows;
        let mut ops = vec![Op::NormalizeRowsBack(NormalizeRowsBack {
            step: pass.step,
            ids: pass.ids,
            ids_per_slot: pass.ids_per_slot,
            out: pass.out,
            norms,
            d_out: gradient.out,
            rows,
            dim: self.dims.out,
            normalize: self.config.normalize,
        })];
        let d_y = gradient.inputs.iter().skip(1).copied().chain([gradient.out]);
        let layers = parts.layers.iter().zip(d_y).enumerate().collect::<Vec<_>>();
        for (n, (Dense { weights, .. }, d_y)) in layers.into_iter().rev() {
            let [d_weights, d_bias] = gradient.layers[n];
            ops.push(Op::AffineBack(AffineBack {
                layer: layer(*weights, rows),
                x: pass.inputs[n],
                d_y,
                weights: weights.table,
                d_x: gradient.inputs[n],
                d_weights,
                d_bias,
                relu: n > 0,
            }));
        }
        let own = |room: Option<Buffer>| room.map(|room| (room, 0));
        let bags = [
            (pass.feature_weights, own(gradient.features)),
            (pass.history_weights, own(gradient.history).or(items)),
        ];
        for (weights, room) in bags {
            if let (Some(weights), Some((out, first_row))) = (weights, room) {
                ops.push(Op::ScaleRows(ScaleRows {
                    d_out: gradient.input,
                    weights,
                    out,
                    first_row,
                    rows,
                    dim: self.dims.dim,
                }));
            }
        }
        ops
    }
}
