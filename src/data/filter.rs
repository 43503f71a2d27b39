//! The k-core of the interactions.

use super::interactions::Interactions;

/// Removes users and items with fewer than `k` interactions, repeatedly, until every remaining one
/// has `k`. All parts count together; `users` and `items` are numbers of interactions outside them.
/// Returns the number of removed interactions.
pub(super) fn keep_core(
    parts: &mut [Interactions],
    [mut users, mut items]: [Vec<u32>; 2],
    k: usize,
) -> usize {
    for (user, item) in parts.iter().flat_map(Interactions::pairs) {
        users[user as usize] += 1;
        items[item as usize] += 1;
    }
    let mut dropped = 0;
    loop {
        let before = dropped;
        for part in &mut *parts {
            part.retain(|user, item| {
                let (user, item) = (&mut users[user as usize], &mut items[item as usize]);
                let keep = *user as usize >= k && *item as usize >= k;
                if !keep {
                    *user -= 1;
                    *item -= 1;
                    dropped += 1;
                }
                keep
            });
        }
        if dropped == before {
            return dropped;
        }
    }
}
