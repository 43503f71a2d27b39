//! Cells in, indices and rows out.

use super::features::FeatureColumn;
use super::flaw::{Flaw, Refusal};
use super::ids::{Ids, ShortId};
use super::interactions::Interactions;
use super::reader::Cells;
use super::time;
use super::titles::TitleLines;
use crate::config::{Config, SplitKind};

/// Ids that are looked up one right after the other: most of a look-up is waiting for memory, and
/// in a short loop the processor waits for several at once. Measured: twice as fast.
const BATCH: usize = 64;

/// An interaction with ids that are whole in themselves, so that its line may be gone.
struct Waiting {
    slot: usize,
    user: ShortId,
    item: ShortId,
    time: i64,
}

/// All that was read so far.
pub(super) struct Intake {
    pub users: Ids,
    pub items: Ids,
    /// Train (or all), validation and test.
    pub parts: [Interactions; 3],
    pub titles: TitleLines,
    /// The cells of the columns that towers take.
    pub user_features: Vec<(FeatureColumn, TitleLines)>,
    pub item_features: Vec<(FeatureColumn, TitleLines)>,
    pub below_min_rating: u64,
    /// Interactions whose indices are yet to be looked up.
    waiting: Vec<Waiting>,
    min_rating: Option<f64>,
    timed: bool,
}

impl Intake {
    pub fn new(config: &Config) -> Self {
        let timed = goes_by_time(config.split.kind);
        let columns = |options: &[String]| {
            let column = |option: &String| (FeatureColumn::parse(option), TitleLines::default());
            options.iter().map(column).collect()
        };
        Self {
            users: Ids::default(),
            items: Ids::default(),
            parts: [(); 3].map(|()| Interactions::new(timed)),
            titles: TitleLines::default(),
            user_features: columns(&config.towers.user.base.features),
            item_features: columns(&config.towers.item.features),
            below_min_rating: 0,
            waiting: Vec::with_capacity(BATCH),
            min_rating: config.data.min_rating,
            timed,
        }
    }

    /// Takes in an interaction: user, item, rating, time. What no option needs is not looked at.
    #[inline]
    pub fn interaction(
        &mut self,
        slot: usize,
        [user, item, rating, timestamp, ..]: Cells<'_>,
    ) -> Result<(), Refusal> {
        if user.is_empty() {
            return Err(Flaw::Missing("user").into());
        }
        if item.is_empty() {
            return Err(Flaw::Missing("item").into());
        }
        if let Some(least) = self.min_rating
            && number(rating).ok_or(Flaw::BadRating)? < least
        {
            self.below_min_rating += 1;
            return Ok(());
        }
        let time = if self.timed { time::parse(timestamp).ok_or(Flaw::BadTime)? } else { 0 };
        if let Some(user) = ShortId::of(user)
            && let Some(item) = ShortId::of(item)
        {
            self.waiting.push(Waiting { slot, user, item, time });
            if self.waiting.len() == BATCH {
                self.settle()?;
            }
            return Ok(());
        }
        // Ids are numbered in the order in which they come.
        self.settle()?;
        let user = self.users.intern(user)?;
        let item = self.items.intern(item)?;
        Ok(self.parts[slot].push(user, item, time)?)
    }

    /// Looks up the ids of the interactions that wait for it.
    ///
    /// # Errors
    /// As [`Interactions::push`].
    pub fn settle(&mut self) -> crate::error::Result<()> {
        for Waiting { slot, user, item, time } in self.waiting.drain(..) {
            let user = self.users.intern_short(user)?;
            let item = self.items.intern_short(item)?;
            self.parts[slot].push(user, item, time)?;
        }
        Ok(())
    }

    /// Takes in a line of an items file: item, title, features.
    pub fn item(&mut self, [item, title, features @ ..]: Cells<'_>) -> Result<(), Refusal> {
        if item.is_empty() {
            return Err(Flaw::Missing("item").into());
        }
        self.titles.push(item, title)?;
        let columns = self.item_features.iter_mut().zip(features);
        columns.into_iter().try_for_each(|((_, lines), cell)| lines.push(item, cell))
    }

    /// Takes in a line of a users file: user, features.
    pub fn user(&mut self, [user, features @ ..]: Cells<'_>) -> Result<(), Refusal> {
        if user.is_empty() {
            return Err(Flaw::Missing("user").into());
        }
        let columns = self.user_features.iter_mut().zip(features);
        columns.into_iter().try_for_each(|((_, lines), cell)| lines.push(user, cell))
    }
}

/// Whether a rule for parting data needs times.
pub(super) fn goes_by_time(kind: SplitKind) -> bool {
    matches!(kind, SplitKind::Temporal | SplitKind::LeaveLastOut)
}

fn number(text: &[u8]) -> Option<f64> {
    let number: f64 = std::str::from_utf8(text).ok()?.trim().parse().ok()?;
    number.is_finite().then_some(number)
}
