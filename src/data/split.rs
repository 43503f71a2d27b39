//! Parts of the data: what is trained on, what chooses the best epoch, what measures the result.

use super::interactions::Interactions;
use super::pairs::Pairs;
use crate::config::{Split, SplitKind};
use crate::random::{hash, pcg, stream};

/// The parts, each sorted by user and item.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Parts {
    pub train: Pairs,
    pub validation: Pairs,
    pub test: Pairs,
}

/// How many of a user's `n` pairs are trained on, choose the best epoch and test. A part gets
/// `round(share · n)`, but one pair at least stays for training: a user with one pair tests
/// nothing. `leave-last-out` tests one. The validation share is one of what the test leaves.
fn shares(n: usize, split: &Split) -> [usize; 3] {
    let share = |of: usize, share: f64| ((of as f64 * share).round() as usize).min(of - 1);
    let test = match split.kind {
        SplitKind::Given => 0,
        SplitKind::Random | SplitKind::Temporal => share(n, split.test),
        SplitKind::LeaveLastOut => 1.min(n - 1),
    };
    let validation = share(n - test, split.validation);
    [n - test - validation, validation, test]
}

/// Parts sorted interactions: of each user's pairs the last ones test, and those before them
/// validate, by time or by lot. The lot hashes seed, user and item, so that it needs no state.
pub(super) fn part(interactions: Interactions, split: &Split, seed: u32) -> Parts {
    let lot = |user, item: u32| pcg(item.wrapping_add(hash(seed, stream::SPLIT, user)));
    let mut train = interactions.into_words_by_part(|n| shares(n, split), lot);
    let pairs: &mut [[u32; 2]] = bytemuck::cast_slice_mut(&mut train);

    // Sizes first: the held-out parts are as large as they must be, and no larger.
    let mut sizes = [0; 3];
    for run in runs(pairs) {
        for (size, share) in sizes.iter_mut().zip(shares(run.len(), split)) {
            *size += share;
        }
    }
    let mut validation = Vec::with_capacity(sizes[1] * 2);
    let mut test = Vec::with_capacity(sizes[2] * 2);
    let (mut read, mut kept) = (0, 0);
    while read < pairs.len() {
        let n = runs(&pairs[read..]).next().map_or(0, <[_]>::len);
        let [n_train, n_validation, _] = shares(n, split);
        let (validating, testing) = pairs[read + n_train..read + n].split_at(n_validation);
        validation.extend_from_slice(validating.as_flattened());
        test.extend_from_slice(testing.as_flattened());
        pairs.copy_within(read..read + n_train, kept);
        read += n;
        kept += n_train;
    }
    train.truncate(kept * 2);
    train.shrink_to_fit();
    Parts {
        train: Pairs::from_words(train),
        validation: Pairs::from_words(validation),
        test: Pairs::from_words(test),
    }
}

/// Each user's pairs, of pairs sorted by user.
fn runs(pairs: &[[u32; 2]]) -> impl Iterator<Item = &[[u32; 2]]> {
    pairs.chunk_by(|a, b| a[0] == b[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_and_leave_a_pair_to_train_on() {
        let split = |kind, test, validation| Split { kind, test, validation };
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
        }
    }
}
