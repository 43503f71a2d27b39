//! Operations: the buffers that each reads and writes, its dispatches on a GPU, and its cost.
//!
//! Each operation has a file here, its contract: a `shader!` for each of its kernels, a struct with
//! its buffers and sizes, and an impl of [`Operation`]. Its twin is the file of the same name in
//! `cpu`; its kernels are in `shaders/`. The list below is the only list of operations.

use super::{Dispatch, Work};

/// A part of a program. The CPU runs it as a `cpu::Twin`.
pub trait Operation {
    /// Returns the dispatches that run it on a GPU.
    fn dispatches(&self) -> Vec<Dispatch>;

    /// Returns the counted work with `bank` filled entries of the bank; dispatches are not counted.
    /// Operations that only run on request are not part of training, and count as no work.
    fn work(&self, bank: usize) -> Work {
        let _ = bank;
        Work::default()
    }
}

/// Passes the list of all operations, by module, to the macro `$then`.
macro_rules! for_each_operation {
    ($then:path) => {
        $then! {
            advance_counters: AdvanceCounters;
            affine: Affine, AffineBack;
            aggregate_users: AggregateUsers;
            bank_push: BankPush;
            compact_pairs: CompactPairs;
            count_stale: CountStale;
            draw_batches: DrawBatches;
            draw_negatives: DrawNegatives;
            enqueue: Enqueue;
            estimate_gaps: EstimateGaps;
            gather_bags: GatherBags;
            gather_rows: GatherRows;
            item_drift: ItemDrift;
            kept_log_q: KeptLogQ;
            mask_barred: MaskBarred;
            mask_seen: MaskSeen;
            normalize_rows: NormalizeRows, NormalizeRowsBack;
            row_change: RowChange;
            sample_pairs: SamplePairs;
            sampled_loss: SampledLoss;
            scale_rows: ScaleRows;
            score_items: ScoreItems;
            softmax_loss: SoftmaxLoss;
            sort_ids: SortIds;
            sort_uses: SortUses;
            sum_losses: SumLosses;
            top_items: TopItems;
            update_dense: UpdateDense;
            update_rows: UpdateRows;
        }
    };
}
pub(crate) use for_each_operation;

/// Declares the modules of the list and [`Op`].
macro_rules! declare {
    ($($module:ident: $($operation:ident),+;)*) => {
        $(
            pub mod $module;
            pub use $module::{$($operation),+};
        )*

        /// An operation of the list.
        #[derive(Debug)]
        #[expect(missing_docs, reason = "each variant's type says what it does")]
        pub enum Op {
            $($($operation($operation),)+)*
        }

        impl Op {
            fn contract(&self) -> &dyn Operation {
                match self {
                    $($(Self::$operation(op) => op,)+)*
                }
            }
        }

        $($(
            impl From<$operation> for Op {
                fn from(op: $operation) -> Self {
                    Self::$operation(op)
                }
            }
        )+)*
    };
}
for_each_operation!(declare);

impl Op {
    /// Returns the dispatches that run it on a GPU.
    pub fn dispatches(&self) -> Vec<Dispatch> {
        self.contract().dispatches()
    }

    /// Returns the counted work, as [`Operation::work`].
    pub fn work(&self, bank: usize) -> Work {
        self.contract().work(bank)
    }
}
