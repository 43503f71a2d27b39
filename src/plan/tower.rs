//! A tower as operations: from ids to outputs, and from gradients of outputs back to all its
//! inputs.
//!
//! The input of a tower is the sum of a row of its id table, the mean of its features, and its
//! history. Layers follow, then scaling to length 1. A tower that is only a table takes one pass in
//! each direction: rows are scaled as they are gathered, and gradients as they are summed.

use super::build::Builder;
use super::{
    Affine, AffineBack, BagExtent, Buffer, GatherBags, GatherRows, Layer, Lists, NormalizeRows,
    NormalizeRowsBack, Op, Parameter, Part, Positives, Rule, ScaleRows, SortUses, TILE, Tower,
    TowerHandles, UpdateDense, UpdateRows, Word,
};
use crate::config::{History, HistoryTable, OptimizerKind, TowerConfig};

/// Largest number of features of an id that is not in the training data: more than the informative
/// words of a text.
pub const MOST_FEATURES: usize = 1024;

/// Parts of a tower.
#[derive(Debug, Clone)]
pub(super) struct TowerParts {
    pub id: Option<Parameter>,
    pub features: Option<Bag>,
    pub history: Option<Bag>,
    layers: Vec<Dense>,
    /// Whether rows of the id table are the outputs, except for their length.
    pub is_table: bool,
}

impl TowerParts {
    /// Returns the history, if the tower's input is its sum alone and there are no layers: each of
    /// its items then has a separate part of every score.
    pub fn sum(&self) -> Option<Bag> {
        let is_alone = self.id.is_none() && self.features.is_none() && self.layers.is_empty();
        self.history.filter(|_| is_alone)
    }

    /// Returns the tower without id rows, for ids that are not in the training data.
    pub fn without_ids(&self) -> Self {
        Self { id: None, ..self.clone() }
    }

    /// Returns the tower's handles.
    pub fn handles(&self, gradient: Option<&Gradient>) -> TowerHandles {
        TowerHandles {
            features: self.features.map(|bag| bag.lists),
            history: self.history.map(|bag| bag.lists),
            d_out: gradient.map(|gradient| gradient.out),
        }
    }
}

/// Lists of rows of a table that are an input of a tower.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bag {
    pub table: Parameter,
    pub lists: Lists,
    pub power: f32,
}

/// A layer.
#[derive(Debug, Clone, Copy)]
struct Dense {
    weights: Parameter,
    bias: Parameter,
}

/// A step's uses of a table's rows, sorted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Uses {
    /// (S, P).
    pub order: Buffer,
    /// Largest number of uses in a step.
    pub count: usize,
    /// Mean number of uses in a step.
    pub mean: usize,
}

/// A pass of rows through a tower: which rows, and the buffers in between.
#[derive(Debug)]
pub(super) struct Pass {
    pub step: Buffer,
    pub ids: Buffer,
    pub ids_per_slot: usize,
    pub rows: usize,
    /// The positives, which histories skip.
    pub positives: Option<Positives>,
    /// (`rows`, O).
    pub out: Buffer,
    /// Inputs of the layers: (`rows`, width) each.
    inputs: Vec<Buffer>,
    feature_weights: Option<Buffer>,
    history_weights: Option<Buffer>,
    norms: Option<Buffer>,
}

impl Pass {
    /// Returns the pass of the first `rows` rows alone.
    pub fn first(self, rows: usize) -> Self {
        Self { rows, ..self }
    }
}

/// Gradients of a step's rows in the backward pass of a tower.
#[derive(Debug)]
pub(super) struct Gradient {
    /// (`rows`, O) gradient by the outputs.
    pub out: Buffer,
    /// (`rows` and more, D) gradient by the tower's input.
    pub input: Buffer,
    inputs: Vec<Buffer>,
    layers: Vec<[Buffer; 2]>,
    features: Option<Buffer>,
    history: Option<Buffer>,
}

impl Builder<'_> {
    /// Adds a matrix that training updates, with optimiser state if it is `trained`.
    pub(super) fn parameter(
        &mut self,
        tower: Tower,
        part: Part,
        [rows, width]: [usize; 2],
        trained: bool,
    ) -> Parameter {
        let (stored, dim) = match part {
            Part::Id | Part::Features | Part::History => (rows, width.next_multiple_of(TILE)),
            Part::Weights(_) => (rows.next_multiple_of(TILE), width.next_multiple_of(TILE)),
            Part::Bias(_) => (rows.next_multiple_of(TILE), width),
        };
        let name = |what: &str| {
            let part = match part {
                Part::Id => "table".into(),
                Part::Features => "features".into(),
                Part::History => "history".into(),
                Part::Weights(layer) => format!("weights_{layer}"),
                Part::Bias(layer) => format!("bias_{layer}"),
            };
            format!("{}_{part}{what}", tower.name())
        };
        let [reals, sizes] = [Word::Real, Word::Size].map(|word| vec![word; width]);
        let table = self.padded_state(name(""), [stored, rows], &reals, dim);
        let state = match self.config.optimizer.kind {
            _ if !trained => [None, None],
            OptimizerKind::Sgd => [None, None],
            OptimizerKind::Adagrad => {
                let one = [Word::Size];
                [Some(self.padded_state(name("_state_1"), [stored, rows], &one, 1)), None]
            }
            OptimizerKind::Adam => [("_state_1", &reals), ("_state_2", &sizes)]
                .map(|(which, row)| Some(self.padded_state(name(which), [stored, rows], row, dim))),
        };
        let best = self
            .extent
            .keeps_best
            .then(|| self.padded_state(name("_best"), [stored, rows], &reals, dim));
        let parameter = Parameter { tower, part, rows, width, dim, table, state, best };
        self.parameters.push(parameter);
        parameter
    }

    /// Adds the parts of a tower of `rows` rows. A shared history uses the table of `items`.
    pub(super) fn tower_parts(
        &mut self,
        tower: Tower,
        config: &TowerConfig,
        rows: usize,
        history: Option<&History>,
        items: Option<Parameter>,
    ) -> TowerParts {
        let (is_user, dim) = (tower == Tower::User, self.dims.width);
        let trained = !(is_user && self.config.onebp.is_some());
        // A table without gradients holds outputs.
        let width = if trained { dim } else { self.dims.out_width };
        let id = config.id.then(|| self.parameter(tower, Part::Id, [rows, width], trained));
        let bags = self.extent.bags;
        let features = (!config.features.is_empty()).then(|| {
            let extent = if is_user { bags.user_features } else { bags.item_features };
            Bag {
                table: self.parameter(tower, Part::Features, [extent.rows, dim], true),
                lists: self.lists(tower, "feature", rows, extent, MOST_FEATURES),
                power: 1.0,
            }
        });
        let history = history.map(|&History { table, power, cap }| Bag {
            table: match table {
                HistoryTable::Shared => items.expect("the item tower has a table"),
                HistoryTable::Separate => {
                    self.parameter(tower, Part::History, [bags.history.rows, dim], true)
                }
            },
            // A visitor may have picked more items than any user has.
            lists: self.lists(tower, "history", rows, bags.history, cap.min(bags.history.rows)),
            power,
        });
        let mut input = dim;
        let mut layers = Vec::new();
        for (n, width) in config.widths(dim).into_iter().enumerate() {
            layers.push(Dense {
                weights: self.parameter(tower, Part::Weights(n), [input, width], true),
                bias: self.parameter(tower, Part::Bias(n), [width, 1], true),
            });
            input = width;
        }
        let is_shared = !is_user && self.config.shares_items();
        let is_table = features.is_none() && history.is_none() && layers.is_empty() && !is_shared;
        TowerParts { id, features, history, layers, is_table }
    }

    /// Adds `rows` lists, and after them one list of up to `more` members, for an id that is not in
    /// the training data.
    fn lists(
        &mut self,
        tower: Tower,
        what: &str,
        rows: usize,
        extent: BagExtent,
        more: usize,
    ) -> Lists {
        let name = tower.name();
        Lists {
            offsets: self.buffer(format!("{name}_{what}_offsets"), rows + 2),
            members: self.buffer(format!("{name}_{what}_members"), extent.members + more),
            most: extent.most.max(1),
            mean: extent.members.div_ceil(rows),
        }
    }

    /// Adds the buffers of a pass of `rows` rows through a tower, which ends in `out`.
    pub(super) fn pass(
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

    /// Adds the buffers for the gradients of a pass; the gradient of the input has `more` rows for
    /// another tower.
    pub(super) fn gradient(
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

    /// Returns the operations from ids to outputs.
    pub(super) fn forward(&self, parts: &TowerParts, pass: &Pass) -> Vec<Op> {
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

    /// Returns the operations from the gradients of a pass's outputs back to those of its inputs
    /// and layers. If `items` is given, a history shares the item tower's table: its gradients go
    /// to that buffer, from that row.
    pub(super) fn backward(
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

    /// Returns the operations that sort the uses of a tower's rows, and those that update every
    /// parameter that a pass's gradient reaches. `ids` are the uses of the id table.
    pub(super) fn optimise(
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
                    rule: Rule::new(self.config, &parameter),
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
    pub(super) fn sort_uses(
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
    pub(super) fn update_rows(
        &self,
        parameter: Parameter,
        step: Buffer,
        d_out: Buffer,
        uses: Uses,
        normalized: bool,
    ) -> Op {
        Op::UpdateRows(UpdateRows {
            dims: self.dims,
            rule: Rule::new(self.config, &parameter),
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

fn layer(weights: Parameter, rows: usize) -> Layer {
    let input = weights.rows.next_multiple_of(TILE);
    Layer { rows, input, output: weights.dim }
}
