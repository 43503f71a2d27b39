//! The buffers that the host writes and reads.

use super::{Buffer, CbnsHandles, GapHandles, Lists, Pool, SkipHandles};

/// Buffers through which the host controls a run and reads its results.
#[derive(Debug, Clone, Copy)]
pub struct Handles {
    /// [`super::Counters`].
    pub counters: Buffer,
    /// (N) users and items of the training pairs.
    pub pairs: Buffer,
    /// (I) log of each item's sampling probability.
    pub log_q: Buffer,
    /// (S, K) items of the window's steps. If no negatives are drawn, the host writes negatives
    /// after the B positives.
    pub item_ids: Buffer,
    /// Source of the drawn negatives, if any.
    pub pool: Option<Pool>,
    /// Buffers of the streaming estimate of log q, if it is on.
    pub gaps: Option<GapHandles>,
    /// (RING) mean losses of the latest steps.
    pub losses: Buffer,
    /// The user tower.
    pub user: TowerHandles,
    /// The item tower.
    pub item: TowerHandles,
    /// [`super::Step`]s of the catalogue's blocks, zero except for the slot. A pass over other ids
    /// that are in no window uses the one of slot 0.
    pub item_blocks: Buffer,
    /// (blocks, rows per block) all item ids, then [`super::NO_ID`].
    pub item_list: Buffer,
    /// (rows per block, O) outputs of a block; none if the item tower is a table, which needs no
    /// blocks.
    pub block_outputs: Option<Buffer>,
    /// (IP, O) outputs of all items.
    pub item_outputs: Buffer,
    /// One [`super::Step`], for the block of queries.
    pub query: Buffer,
    /// (Q) users of the block, then [`super::NO_ID`].
    pub query_users: Buffer,
    /// (Q, O) outputs of the block.
    pub query_outputs: Buffer,
    /// (Q, IP) scores of the block.
    pub scores: Buffer,
    /// (U + 1) start of each user's items in `seen_items`.
    pub seen_offsets: Buffer,
    /// The users' items that a ranking excludes, user after user.
    pub seen_items: Buffer,
    /// (⌈I/32⌉) a bit for each item that a ranking excludes for all users.
    pub barred: Buffer,
    /// (Q, [`super::TOP_K`]) best items of the block.
    pub top: Buffer,
    /// (Q, [`super::TOP_K`]) their scores.
    pub top_scores: Buffer,
    /// (users, [`super::TOP_K`]) best items of all users of an evaluation.
    pub lists: Buffer,
    /// (Q) items whose vectors are requested, then [`super::NO_ID`].
    pub wanted: Buffer,
    /// (Q, O) the requested vectors.
    pub wanted_rows: Buffer,
    /// The power of a history's length that divides its sum, if a user's vector is this sum alone.
    pub sum_power: Option<f32>,
    /// Buffers of CBNS, if it is on.
    pub cbns: Option<CbnsHandles>,
    /// Buffers of skipping, if it is on.
    pub skip: Option<SkipHandles>,
}

/// Buffers of one tower, besides its parameters.
#[derive(Debug, Clone, Copy)]
pub struct TowerHandles {
    /// Features of each id, if it has any; the list after the last id's is for an id that is not in
    /// the training data.
    pub features: Option<Lists>,
    /// Items of each user, if the user tower has a history; the list after the last user's is for a
    /// visitor.
    pub history: Option<Lists>,
    /// (rows padded to a multiple of 8, O) gradient with respect to the step's outputs; none if no
    /// gradient reaches the tower.
    pub d_out: Option<Buffer>,
}
