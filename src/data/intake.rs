//! Cells in, indices and rows out.

use super::flaw::{Flaw, Refusal};
use super::ids::Ids;
use super::interactions::Interactions;
use super::reader::Cells;
use super::time;
use super::titles::TitleLines;
use crate::config::{Config, SplitKind};

/// All that was read so far.
pub(super) struct Intake {
    pub users: Ids,
    pub items: Ids,
    /// Train (or all), validation and test.
    pub parts: [Interactions; 3],
    pub titles: TitleLines,
    pub below_min_rating: u64,
    min_rating: Option<f64>,
    timed: bool,
}

impl Intake {
    pub fn new(config: &Config) -> Self {
        let timed = goes_by_time(config.split.kind);
        Self {
            users: Ids::default(),
            items: Ids::default(),
            parts: [(); 3].map(|()| Interactions::new(timed)),
            titles: TitleLines::default(),
            below_min_rating: 0,
            min_rating: config.data.min_rating,
            timed,
        }
    }

    /// Takes in an interaction: user, item, rating, time. What no option needs is not looked at.
    #[inline]
    pub fn interaction(
        &mut self,
        slot: usize,
        [user, item, rating, timestamp]: Cells<'_>,
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
        let user = self.users.intern(user)?;
        let item = self.items.intern(item)?;
        Ok(self.parts[slot].push(user, item, time)?)
    }

    /// Takes in a line of an items file: item, title.
    pub fn title(&mut self, [item, title, ..]: Cells<'_>) -> Result<(), Refusal> {
        if item.is_empty() {
            return Err(Flaw::Missing("item").into());
        }
        self.titles.push(item, title)
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
