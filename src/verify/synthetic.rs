//! Generates lines for measuring the loader: `user,item,timestamp` as from a shop, the same lines
//! every time.

use std::io::Write as _;

use crate::random::{hash, stream};

/// Number of distinct users.
pub const USERS: u32 = 200_000;

/// Number of distinct items.
pub const ITEMS: u32 = 60_000;

/// Header of the lines.
pub const HEADER: &[u8] = b"user,item,timestamp\n";

/// Time of the first line, in seconds since 1970.
const START: u64 = 1_500_000_000;

/// Appends the lines `from..to` to `text`. Users are equally likely; the popularity of items falls
/// with rank^(−2/3), a long tail; each line is ten seconds later.
pub fn lines(from: u32, to: u32, text: &mut Vec<u8>) {
    for line in from..to {
        let user = below(USERS, hash(0, stream::SYNTHETIC, line));
        // Cube of a uniform number with 30 bits of fraction.
        let uniform = u64::from(hash(1, stream::SYNTHETIC, line) >> 2);
        let squared = (uniform * uniform) >> 30;
        let cubed = (squared * uniform) >> 30;
        let item = below(ITEMS, (cubed << 2) as u32);
        let time = START + 10 * u64::from(line);
        writeln!(text, "{},{},{time}", 100_000 + user, 10_000 + item)
            .expect("writing to memory cannot fail");
    }
}

/// Maps a random 32-bit number to a number below `n`.
fn below(n: u32, random: u32) -> u32 {
    ((u64::from(random) * u64::from(n)) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_however_they_are_asked_for() {
        let mut whole = Vec::new();
        lines(0, 100, &mut whole);
        let mut pieces = Vec::new();
        lines(0, 33, &mut pieces);
        lines(33, 100, &mut pieces);
        assert_eq!(whole, pieces);
        assert_eq!(whole.iter().filter(|&&byte| byte == b'\n').count(), 100);
    }
}
