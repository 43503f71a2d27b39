// What a decision to skip comes to. Twin: src/plan/skip.rs.
struct Tally {
    stale_rows: atomic<u32>,
    woken_rows: atomic<u32>, // stale when last judged, and no longer
    stale_pairs: atomic<u32>,
    kept_pairs: atomic<u32>,
}
