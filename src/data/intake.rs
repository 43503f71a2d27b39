//! Converts the cells of records to indices and rows.

use super::cells::Cells;
use super::features::FeatureColumn;
use super::flaw::{Flaw, Refusal};
use super::ids::{Ids, ShortId};
use super::interactions::Interactions;
use super::missing::Missing;
use super::number;
use super::time::Clock;
use super::titles::TitleLines;
use crate::config::{Config, SplitKind};

/// Number of interactions whose ids are looked up in one loop. A look-up mostly waits for memory,
/// and in a short loop the processor waits for several at once. Measured: twice as fast.
const BATCH: usize = 64;

/// An interaction with short ids, which do not refer to the text of its line.
struct Waiting {
    slot: usize,
    user: ShortId,
    item: ShortId,
    time: i64,
}

/// Everything that was read so far.
pub(super) struct Intake {
    pub users: Ids,
    pub items: Ids,
    /// Training (or all), validation and test interactions.
    pub parts: [Interactions; 3],
    /// Titles of items; contains all ids of the items files.
    pub titles: TitleLines,
    /// All ids of the users files.
    pub user_ids: Ids,
    /// Cells of the columns that towers use.
    pub user_features: Vec<(FeatureColumn, TitleLines)>,
    pub item_features: Vec<(FeatureColumn, TitleLines)>,
    pub below_min_rating: u64,
    pub missing: Missing,
    pub clock: Clock,
    /// Interactions whose ids are not looked up yet.
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
            user_ids: Ids::default(),
            user_features: columns(&config.towers.user.base.features),
            item_features: columns(&config.towers.item.features),
            below_min_rating: 0,
            missing: Missing::new(&config.data.missing),
            clock: Clock::new(config.data.time_format.as_deref()),
            waiting: Vec::with_capacity(BATCH),
            min_rating: config.data.min_rating,
            timed,
        }
    }

    /// Adds an interaction: user, item, rating, time. Cells that no option needs are not parsed.
    #[inline]
    pub fn interaction(
        &mut self,
        slot: usize,
        [user, item, rating, timestamp, ..]: Cells<'_>,
    ) -> Result<(), Refusal> {
        let (user, item) = (user.trim_ascii(), item.trim_ascii());
        if self.missing.is(user) {
            return Err(Refusal::NoUser);
        }
        if self.missing.is(item) {
            return Err(Refusal::NoItem);
        }
        if let Some(least) = self.min_rating
            && rating_of(rating).ok_or(Flaw::BadRating)? < least
        {
            self.below_min_rating += 1;
            return Ok(());
        }
        let time = if self.timed { self.clock.read(timestamp).ok_or(Flaw::BadTime)? } else { 0 };
        if let Some(user) = ShortId::of(user)
            && let Some(item) = ShortId::of(item)
        {
            self.waiting.push(Waiting { slot, user, item, time });
            if self.waiting.len() == BATCH {
                self.settle()?;
            }
            return Ok(());
        }
        // Ids are numbered in order of first occurrence.
        self.settle()?;
        let user = self.users.intern(user)?;
        let item = self.items.intern(item)?;
        Ok(self.parts[slot].push(user, item, time)?)
    }

    /// Looks up the ids of the waiting interactions.
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

    /// Adds a line of an items file: item, title, features.
    pub fn item(&mut self, [item, title, features @ ..]: Cells<'_>) -> Result<(), Refusal> {
        let item = item.trim_ascii();
        if self.missing.is(item) {
            return Err(Refusal::NoItem);
        }
        self.titles.push(item, self.missing.or_empty(title))?;
        add(&mut self.item_features, item, features, &self.missing)
    }

    /// Adds a line of a users file: user, features.
    pub fn user(&mut self, [user, features @ ..]: Cells<'_>) -> Result<(), Refusal> {
        let user = user.trim_ascii();
        if self.missing.is(user) {
            return Err(Refusal::NoUser);
        }
        self.user_ids.intern(user)?;
        add(&mut self.user_features, user, features, &self.missing)
    }
}

/// Appends feature cells to those of an id.
fn add<const CELLS: usize>(
    columns: &mut [(FeatureColumn, TitleLines)],
    id: &[u8],
    cells: [&[u8]; CELLS],
    missing: &Missing,
) -> Result<(), Refusal> {
    let mut cells = columns.iter_mut().zip(cells);
    cells.try_for_each(|((_, lines), cell)| lines.add(id, missing.or_empty(cell)))
}

/// Returns whether a kind of split needs times.
pub(super) fn goes_by_time(kind: SplitKind) -> bool {
    matches!(kind, SplitKind::Temporal | SplitKind::TemporalGlobal | SplitKind::LeaveLastOut)
}

fn rating_of(cell: &[u8]) -> Option<f64> {
    number::parse(std::str::from_utf8(cell).ok()?)
}
