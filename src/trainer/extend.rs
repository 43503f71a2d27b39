//! Adds new data to a run: the rows of its tensors move into the plan of the larger data set, and training continues.
//! The rules are in `docs/methods.md`, new data.

use super::recover::Kept;
use super::{Run, Trainer, extent, fresh_model, history};
use crate::config::Config;
use crate::data::{Dataset, Extension, Loader, trained};
use crate::error::{Error, Result};
use crate::executor::{BackendRequest, Executor};
use crate::model::{Model, Position, Tower};
use crate::plan::{Buffer, Part, Plan, blocks};

/// A run that has ended trains for a fifth more epochs, by default.
const A_FIFTH: usize = 5;

/// Plan and state of a run before its data grows, and the numbers of its users and items with a training pair.
struct Before<'a> {
    plan: &'a Plan,
    state: Vec<Vec<u32>>,
    trained: [usize; 2],
}

impl Run {
    /// Returns the number of complete epochs before the last extension.
    pub(super) fn epochs_before(&self) -> usize {
        self.extensions.last().map_or(0, |extension| extension.epochs)
    }

    /// Returns the number of training pairs during an epoch (from 0), skipped pairs included; `now` is the current one.
    pub(super) fn pairs_of_epoch(&self, epoch: usize, now: usize) -> usize {
        let later = self.extensions.iter().find(|extension| extension.epochs > epoch);
        later.map_or(now, |extension| extension.pairs)
    }

    /// Returns whether its extensions lead to a data set of this many training pairs.
    pub(super) fn leads_to(&self, pairs: usize) -> bool {
        let sums = self.extensions.iter().map(|one| one.pairs.checked_add(one.train));
        let next = self.extensions.iter().skip(1).map(|one| one.pairs).chain([pairs]);
        sums.zip(next).all(|(sum, next)| sum == Some(next))
            && self.extensions.is_sorted_by_key(|one| one.epochs)
            && self.epochs_before() <= self.epochs.len()
    }
}

impl Trainer {
    /// Returns a loader for new data of the run, which [`Trainer::extend`] takes. It finds columns as in the run's own
    /// files.
    ///
    /// # Errors
    /// [`Error::NotAvailable`] for a serving run; [`Error::Config`] for a run that is tuned, or is in the middle of an
    /// epoch; the error of a run that has failed.
    pub fn new_data(&self) -> Result<Loader> {
        self.check()?;
        let refused = |key: &str, problem: String, allowed: &str| {
            Err(Error::Config { key: key.into(), problem, allowed: allowed.into() })
        };
        if self.dataset.train.is_empty() {
            let what = "new data for a serving run, which was saved without interactions,";
            return Err(Error::NotAvailable { what: what.into() });
        }
        if self.config.tune.is_some() {
            let problem = "the run's trials held out pairs of the data that it began with";
            return refused("tune", problem.into(), "new data only for a run without `tune`");
        }
        if self.model.step_in_epoch() > 0 || !self.flights.is_empty() || self.run.edge.is_some() {
            let problem =
                format!("the run is in the middle of epoch {}", self.run.epochs.len() + 1);
            return refused(
                "extend",
                problem,
                "a run at the end of an epoch: finish the epoch first",
            );
        }
        Ok(Loader::joining(&self.dataset, &self.config))
    }

    /// Adds new data to the run. Old rows and their optimiser state stay; new rows start as in a fresh run. A run that
    /// has ended trains for a fifth more epochs, unless [`Trainer::set_epochs`] sets another number. An error leaves
    /// the run as it is.
    ///
    /// # Errors
    /// Errors of [`Trainer::new_data`] and [`Loader::extend`]; errors of [`Trainer::new`] if there is no memory for
    /// the larger run.
    pub async fn extend(&mut self, new: Loader) -> Result<Extension> {
        self.new_data()?;
        let (dataset, counts) = new.extend(&self.dataset)?;
        let extension = Extension { epochs: self.run.epochs.len(), ..counts };
        let mut config = self.config.clone();
        if self.run.finished.is_some() {
            config.epochs = extension.epochs + extension.epochs.div_ceil(A_FIFTH);
        }
        let extent = extent(&dataset, history(&dataset, &config).as_ref());
        extent.check(&config)?;
        let request = BackendRequest::from(&self.backend);
        Executor::check(request, &Plan::new(&config, &extent)).await?;
        let model = self.grown(&dataset, &config, request).await?;
        let mut run = std::mem::take(&mut self.run);
        run.extensions.push(extension);
        (run.best, run.finished, run.skipping, run.drift) = (None, None, None, None);
        let told = self.kept.told;
        let backend = self.backend.clone();
        *self = Self { run, ..Self::from_parts(model, backend, dataset, config) };
        self.kept = Kept::default();
        self.kept.told = told;
        self.keep().await?;
        Ok(extension)
    }

    /// Creates the model for the larger data from the run's model. Without memory for it, restores the run's model.
    async fn grown(
        &mut self,
        dataset: &Dataset,
        config: &Config,
        request: BackendRequest,
    ) -> Result<Model> {
        let (state, steps) = (self.model.state().await?, self.model.steps());
        let mut tensors = self.model.plan().tensors.iter().zip(&state);
        if tensors.any(|(tensor, words)| tensor.first_wrong(words, steps).is_some()) {
            return Err(self.non_finite(steps));
        }
        let position = self.model.position(self.run.epochs.len());
        let _device = self.model.release();
        let mut model = match fresh_model(dataset, config, request).await {
            Ok((model, _)) => model,
            Err(error) => {
                let made = fresh_model(&self.dataset, &self.config, request).await;
                (self.model, _) = self.remember(made)?;
                self.model.restore(&state, &position);
                self.masked = None;
                return Err(error);
            }
        };
        let trained = [0, 1].map(|side| trained(&self.dataset.train, side));
        let before = Before { plan: self.model.plan(), state, trained };
        before.carry(&mut model, steps as u32);
        let pairs_in_epoch = dataset.train.len();
        model.resume(&Position { step_in_epoch: 0, pairs_in_epoch, ..position });
        if config.onebp.is_some() {
            fold_in(&mut model, dataset, before.trained).await?;
        }
        Ok(model)
    }
}

impl Before<'_> {
    /// Writes the old rows over those of a fresh model: of tables and their optimiser state, of layers, of the bank
    /// and of the streaming estimate. Skipping, and log q from counts, start over with the larger data.
    fn carry(&self, model: &mut Model, steps: u32) {
        let [users, items] = self.trained;
        let mut moves: Vec<(Buffer, Buffer, usize)> = Vec::new();
        for (old, new) in self.plan.parameters.iter().zip(&model.plan().parameters) {
            let rows = match (old.part, old.tower) {
                (Part::Id, Tower::User) => users,
                (Part::Id, Tower::Item) | (Part::History, _) => items,
                (Part::Features | Part::Weights(_) | Part::Bias(_), _) => old.rows,
            };
            moves.push((old.table, new.table, rows));
            let parts = old.state.iter().zip(new.state.iter());
            let parts = parts.chain(old.best.zip(new.best));
            moves.extend(parts.map(|(old, new)| (old, new, rows)));
        }
        let (old, new) = (self.plan.handles, model.plan().handles);
        if let (Some(old), Some(new)) = (old.cbns, new.cbns) {
            let (old, new) = (old.bank, new.bank);
            moves.push((old.items, new.items, usize::MAX));
            moves.push((old.entries, new.entries, usize::MAX));
            moves.extend(old.users.zip(new.users).map(|(old, new)| (old, new, usize::MAX)));
        }
        if let (Some(from), Some(to)) = (old.gaps, new.gaps) {
            moves.push((from.gaps, to.gaps, items));
            moves.push((from.last_seen, to.last_seen, items));
            moves.push((old.log_q, new.log_q, items));
            // New items could not occur before: their gaps begin at the current step.
            let seen = number(model.plan(), to.last_seen);
            let all = model.plan().dims.items;
            if all > items {
                model.write_tensor(seen, items, vec![steps; all - items]);
            }
        }
        for (from, to, rows) in moves {
            let (from, to) = (number(self.plan, from), number(model.plan(), to));
            self.write(model, from, to, rows);
        }
    }

    /// Writes the first `rows` rows of a tensor, or all rows if it has fewer.
    fn write(&self, model: &mut Model, from: usize, to: usize, rows: usize) {
        let (tensor, words) = (&self.plan.tensors[from], &self.state[from]);
        let width = tensor.row.len();
        for rows in blocks(rows.min(tensor.rows), tensor.stride) {
            let words = words[rows.start * width..rows.end * width].to_vec();
            model.write_tensor(to, rows.start, words);
        }
    }
}

/// Returns the number of the tensor in a buffer of the state.
fn number(plan: &Plan, buffer: Buffer) -> usize {
    let found = plan.tensors.iter().position(|tensor| tensor.buffer == buffer);
    found.expect("the buffer is part of the state")
}

/// Sets the vector of each new user to the mean of the outputs of their old items: OneBP without a start vector. A
/// user without old items starts as in a fresh run.
async fn fold_in(model: &mut Model, dataset: &Dataset, [users, items]: [usize; 2]) -> Result<()> {
    if dataset.n_users == users {
        return Ok(());
    }
    let outputs = model.outputs(Tower::Item).await?;
    let width = model.plan().dims.out_width;
    let pairs = dataset.train.as_slice();
    let new = &pairs[pairs.partition_point(|pair| (pair[0] as usize) < users)..];
    for of_user in new.chunk_by(|a, b| a[0] == b[0]) {
        let (mut sum, mut picked) = (vec![0.0f64; width], 0);
        for &[_, item] in of_user.iter().filter(|pair| (pair[1] as usize) < items) {
            let output = &outputs[item as usize * width..][..width];
            sum.iter_mut().zip(output).for_each(|(sum, &x)| *sum += f64::from(x));
            picked += 1;
        }
        if picked > 0 {
            let mean: Vec<f32> = sum.iter().map(|sum| (sum / f64::from(picked)) as f32).collect();
            model.set_row(Tower::User, of_user[0][0], &mean);
        }
    }
    Ok(())
}
