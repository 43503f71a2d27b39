//! The k-core of the interactions.

use super::interactions::Interactions;

/// Removes users and items with fewer than `k` interactions, repeatedly, until every remaining one
/// has `k`. The parts are counted together. Returns the number of removed interactions.
pub(super) fn keep_core(
    parts: &mut [Interactions],
    n_users: usize,
    n_items: usize,
    k: usize,
) -> usize {
    let mut users = vec![0_u32; n_users];
    let mut items = vec![0_u32; n_items];
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
