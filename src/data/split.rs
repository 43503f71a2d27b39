//! Parts of the data: what is trained on, what chooses the best epoch, what measures the result.

use super::interactions::Interactions;
use super::pairs::Pairs;
use crate::config::{Split, SplitKind};
use crate::random::{hash, stream};

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

/// Parts sorted interactions: of each user's pairs, ordered by time or by lot, the last ones test
/// and those before them validate. The lot hashes seed, user and item, so a pair's fate does not
/// depend on the other pairs.
pub(super) fn part(interactions: Interactions, split: &Split, seed: u32) -> Parts {
    let mut train = interactions.into_ordered_words(|user, item| {
        hash(hash(seed, stream::SPLIT, user), stream::SPLIT, item)
    });
    let same_user = |a: &[u32; 2], b: &[u32; 2]| a[0] == b[0];

    let pairs: &mut [[u32; 2]] = bytemuck::cast_slice_mut(&mut train);
    let mut sizes = [0; 3];
    for run in pairs.chunk_by(same_user) {
        for (size, share) in sizes.iter_mut().zip(shares(run.len(), split)) {
            *size += share;
        }
    }
    let mut validation = Vec::with_capacity(sizes[1] * 2);
    let mut test = Vec::with_capacity(sizes[2] * 2);
    let (mut read, mut kept) = (0, 0);
    while read < pairs.len() {
        let length = pairs[read..].chunk_by(same_user).next().map_or(0, <[_]>::len);
        let [n_train, n_validation, _] = shares(length, split);
        let run = &mut pairs[read..read + length];
        let (trained, held_out) = run.split_at_mut(n_train);
        let (validating, testing) = held_out.split_at_mut(n_validation);
        for part in [trained, &mut *validating, &mut *testing] {
            part.sort_unstable();
        }
        validation.extend_from_slice(validating.as_flattened());
        test.extend_from_slice(testing.as_flattened());
        pairs.copy_within(read..read + n_train, kept);
        read += length;
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
