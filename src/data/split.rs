//! Splits the data into training, validation and test part.

use super::interactions::{Cut, Interactions, SplitWords};
use super::pairs::Pairs;
use super::time::Clock;
use crate::config::{Moment, Split, SplitKind};
use crate::error::{Error, Result};
use crate::random::{hash, pcg, stream};

/// The parts, each sorted by user and item.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Parts {
    pub train: Pairs,
    pub validation: Pairs,
    pub test: Pairs,
}

/// Returns how many of a user's `n` pairs are in the training, validation and test part. A part
/// gets `round(share · n)` pairs, but at least one pair is in the training part, so a user with one
/// pair has no test pair. `leave-last-out` tests one pair. The validation share is of the pairs
/// outside the test part.
fn shares(n: usize, split: &Split) -> [usize; 3] {
    let share = |of: usize, share: f64| ((of as f64 * share).round() as usize).min(of - 1);
    let test = match split.kind {
        SplitKind::LeaveLastOut => 1.min(n - 1),
        SplitKind::Given => 0,
        _ => share(n, split.test),
    };
    let validation = share(n - test, split.validation);
    [n - test - validation, validation, test]
}

/// Numbers of training, validation and test pairs of each user in the data set that new pairs join;
/// empty if there is no such data set.
pub(super) type Had = Vec<[u32; 3]>;

/// Returns the sizes of a user's parts for `n` new pairs. The rule applies to old and new pairs
/// together: new pairs fill the user's held-out parts up to the sizes that the rule gives them.
fn shares_of_new(n: usize, split: &Split, had: [u32; 3]) -> [usize; 3] {
    let [trained, validated, tested] = had.map(|n| n as usize);
    let given = split.kind == SplitKind::Given;
    let all = n + trained + validated + if given { 0 } else { tested };
    let [_, validation, test] = shares(all, split);
    let most = n - usize::from(trained == 0);
    let test = test.saturating_sub(tested).min(most);
    let validation = validation.saturating_sub(validated).min(most - test);
    [n - test - validation, validation, test]
}

/// Returns the times at which all users are split: `split.at`, or the start of the last share of
/// all pairs, minus the pairs that a part already has. Pairs with equal times stay together, so a
/// part may be a little smaller than its share.
fn times(interactions: &Interactions, split: &Split, had: &Had) -> Result<Cut> {
    let had = |part: usize| had.iter().map(|parts| parts[part] as usize).sum::<usize>();
    let [trained, validated, had_tested] = [0, 1, 2].map(had);
    let last = |of: usize, share: f64| (of as f64 * share).round() as usize;
    let n = interactions.len() + trained + validated;
    let test = match &split.at {
        Some(moment) => Some(time_of(moment)?),
        None => {
            let wanted = last(n + had_tested, split.test);
            interactions.time_of_last(wanted.saturating_sub(had_tested))
        }
    };
    let tested = interactions.count_from(test);
    let wanted = last(n - tested, split.validation);
    let validation = interactions.time_of_last(tested + wanted.saturating_sub(validated));
    let validates = split.validation > 0.0;
    Ok(Cut::Times { validation: validation.filter(|_| validates), test })
}

fn time_of(moment: &Moment) -> Result<i64> {
    let text = match moment {
        Moment::Number(number) => number.to_string(),
        Moment::Text(text) => text.clone(),
    };
    Clock::default().read(text.as_bytes()).ok_or_else(|| Error::Config {
        key: "split.at".into(),
        problem: format!("`{text}` is not a time"),
        allowed: "a date such as 2019-10-01, or a unix time".into(),
    })
}

/// Splits sorted interactions: each user's last pairs are the test part, the pairs before them the
/// validation part, by time or by lot. The lot is a hash of seed, user and item, so it needs no
/// state. `had` counts the pairs that the interactions join. Also returns the number of users who
/// are split between equal times.
pub(super) fn split(
    interactions: Interactions,
    split: &Split,
    seed: u32,
    had: Had,
) -> Result<(Parts, usize)> {
    let lot = |user, item: u32| pcg(item.wrapping_add(hash(seed, stream::SPLIT, user)));
    let cut = if split.kind == SplitKind::TemporalGlobal {
        times(&interactions, split, &had)?
    } else {
        let split = split.clone();
        Cut::Shares(Box::new(move |user, n| {
            shares_of_new(n, &split, had.get(user as usize).copied().unwrap_or_default())
        }))
    };
    let SplitWords { words: mut train, sizes, within_tie } = interactions.split(&cut, lot);
    let pairs: &mut [[u32; 2]] = bytemuck::cast_slice_mut(&mut train);

    // Computes the sizes first, so that the held-out parts are allocated exactly.
    let total = |part: usize| sizes.iter().map(|size| size[part]).sum::<usize>() * 2;
    let mut validation = Vec::with_capacity(total(1));
    let mut test = Vec::with_capacity(total(2));
    let (mut read, mut kept) = (0, 0);
    for [n_train, n_validation, n_test] in sizes {
        let n = n_train + n_validation + n_test;
        let (validating, testing) = pairs[read + n_train..read + n].split_at(n_validation);
        validation.extend_from_slice(validating.as_flattened());
        test.extend_from_slice(testing.as_flattened());
        pairs.copy_within(read..read + n_train, kept);
        read += n;
        kept += n_train;
    }
    train.truncate(kept * 2);
    train.shrink_to_fit();
    let parts = Parts {
        train: Pairs::from_words(train),
        validation: Pairs::from_words(validation),
        test: Pairs::from_words(test),
    };
    Ok((parts, within_tie))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_and_leave_a_pair_to_train_on() {
        let split = |kind, test, validation| Split { kind, test, validation, at: None };
        for (n, split, expected) in [
            (10, split(SplitKind::Random, 0.2, 0.0), [8, 0, 2]),
            (12, split(SplitKind::Temporal, 0.2, 0.0), [10, 0, 2]),
            (13, split(SplitKind::Temporal, 0.2, 0.1), [9, 1, 3]),
            (1, split(SplitKind::Random, 0.9, 0.9), [1, 0, 0]),
            (2, split(SplitKind::Random, 0.9, 0.9), [1, 0, 1]),
            (1, split(SplitKind::LeaveLastOut, 0.2, 0.9), [1, 0, 0]),
            (5, split(SplitKind::LeaveLastOut, 0.9, 0.25), [3, 1, 1]),
            (5, split(SplitKind::Given, 0.9, 0.2), [4, 1, 0]),
        ] {
            assert_eq!(shares(n, &split), expected, "{n} pairs, {split:?}");
            assert_eq!(shares_of_new(n, &split, [0; 3]), expected, "{n} pairs, {split:?}");
        }
    }

    #[test]
    fn new_pairs_fill_the_held_out_parts_up_to_their_share_of_all() {
        let split = |kind, test, validation| Split { kind, test, validation, at: None };
        for (n, split, had, expected) in [
            (10, split(SplitKind::Random, 0.2, 0.0), [8, 0, 2], [8, 0, 2]),
            (2, split(SplitKind::Random, 0.2, 0.0), [8, 0, 0], [0, 0, 2]),
            (2, split(SplitKind::Random, 0.2, 0.0), [0, 0, 1], [2, 0, 0]),
            (2, split(SplitKind::Temporal, 0.9, 0.0), [0, 0, 1], [1, 0, 1]),
            (3, split(SplitKind::LeaveLastOut, 0.2, 0.25), [4, 0, 1], [1, 2, 0]),
            (1, split(SplitKind::LeaveLastOut, 0.2, 0.0), [1, 0, 0], [0, 0, 1]),
            (5, split(SplitKind::Given, 0.9, 0.2), [4, 1, 9], [4, 1, 0]),
        ] {
            assert_eq!(shares_of_new(n, &split, had), expected, "{n} pairs to {had:?}, {split:?}");
        }
    }
}
