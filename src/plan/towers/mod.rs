//! A tower as operations: from ids to outputs, and from gradients of outputs back to all its
//! inputs.
//!
//! The input of a tower is the sum of a row of its id table, the mean of its features, and its
//! history. Layers follow, then scaling to length 1. A tower that is only a table takes one pass in
//! each direction: rows are scaled as they are gathered, and gradients as they are summed.

mod backward;
mod forward;
mod updates;

pub use backward::Gradient;
pub use forward::Pass;
pub use updates::Uses;

use super::builder::Builder;
use super::optimizers::{self, State};
use super::{BagExtent, Buffers, Lists, Parameter, Part, TILE, Tower, TowerHandles, Word};
use crate::config::{History, HistoryTable, TowerConfig};

/// Largest number of features of an id that is not in the training data: more than the informative
/// words of a text.
pub const MAX_FEATURES: usize = 1024;

/// Parts of a tower.
#[derive(Debug, Clone)]
pub struct TowerParts {
    pub id: Option<Parameter>,
    pub features: Option<Bag>,
    pub history: Option<Bag>,
    pub(super) layers: Vec<Dense>,
    /// Whether rows of the id table are the outputs, except for their length.
    pub is_table: bool,
}

impl TowerParts {
    /// Returns the history, if the tower's input is its sum alone and there are no layers. Each of
    /// its items then adds a separate part to every score.
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
pub struct Bag {
    pub table: Parameter,
    pub lists: Lists,
    pub power: f32,
}

/// A layer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dense {
    weights: Parameter,
    bias: Parameter,
}

impl Builder<'_> {
    /// Adds a matrix that training updates, with optimiser state if it is `trained`.
    pub fn parameter(
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
        let reals = vec![Word::Real; width];
        let table = self.padded_state(name(""), [stored, rows], &reals, dim);
        let optimizer = trained.then(|| optimizers::of(self.config.optimizer.kind));
        let state = optimizer.map_or(&[][..], |optimizer| optimizer.state());
        let first = self.buffer_count();
        for (n, state) in (1..).zip(state) {
            let name = name(&format!("_state_{n}"));
            match *state {
                State::OfRow(word) => self.padded_state(name, [stored, rows], &[word], 1),
                State::OfElement(word) => {
                    self.padded_state(name, [stored, rows], &vec![word; width], dim)
                }
            };
        }
        let state = Buffers { first, count: state.len() };
        let best = self
            .extent
            .keeps_best
            .then(|| self.padded_state(name("_best"), [stored, rows], &reals, dim));
        let parameter = Parameter { tower, part, rows, width, dim, table, state, best };
        self.parameters.push(parameter);
        parameter
    }

    /// Adds the parts of a tower of `rows` rows; a table that is not `trained` by gradients holds
    /// outputs. A shared history uses the given table of the items.
    pub fn tower_parts(
        &mut self,
        tower: Tower,
        config: &TowerConfig,
        rows: usize,
        trained: bool,
        history: Option<(&History, Option<Parameter>)>,
    ) -> TowerParts {
        let (is_user, dim) = (tower == Tower::User, self.dims.width);
        let width = if trained { dim } else { self.dims.out_width };
        let id = config.id.then(|| self.parameter(tower, Part::Id, [rows, width], trained));
        let bags = self.extent.bags;
        let features = (!config.features.is_empty()).then(|| {
            let extent = if is_user { bags.user_features } else { bags.item_features };
            Bag {
                table: self.parameter(tower, Part::Features, [extent.rows, dim], true),
                lists: self.lists(tower, "feature", rows, extent, MAX_FEATURES),
                power: 1.0,
            }
        });
        let history = history.map(|(&History { table, power, cap }, items)| Bag {
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
}
