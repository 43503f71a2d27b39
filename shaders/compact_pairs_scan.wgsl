// Second of three dispatches that skip stale pairs: computes where each block's kept pairs begin, and
// their total number, which becomes the length of the next epoch.
// One workgroup, which processes 256 blocks at a time.
#import counters
#import prefix_sum
#import tally

@group(0) @binding(0) var<storage, read_write> counters: Counters;
@group(0) @binding(1) var<storage, read_write> blocks: array<u32>; // (BLOCKS) kept pairs, then where they begin
@group(0) @binding(2) var<storage, read_write> tally: Tally;

@compute @workgroup_size(BLOCK)
fn main(@builtin(local_invocation_index) lane: u32) {
    var begin = 0u;
    for (var first = 0u; first < BLOCKS; first += BLOCK) {
        let block = first + lane;
        var kept = 0u;
        if block < BLOCKS {
            kept = blocks[block];
        }
        let through = prefix_sum(lane, kept);
        if block < BLOCKS {
            blocks[block] = begin + through - kept;
        }
        begin += sh_sums[BLOCK - 1u];
    }
    if lane == 0u {
        counters.pairs = begin;
        atomicStore(&tally.kept_pairs, begin);
    }
}
