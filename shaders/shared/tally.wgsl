// Counts of a decision to skip. Twin: src/plan/operations/count_stale.rs.
struct Tally {
    stale_rows: atomic<u32>,
    woken_rows: atomic<u32>, // stale at the last decision, no longer stale
    stale_pairs: atomic<u32>,
    kept_pairs: atomic<u32>,
}
