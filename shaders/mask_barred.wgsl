// Masks the scores of the items that are barred for all queries of a block.
// One thread per query and 32 items, which are the bits of a word.
#import grid
#import step

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> barred: array<u32>; // (WORDS) one bit per item, the lowest bit first
@group(0) @binding(2) var<storage, read_write> scores: array<f32>; // (Q, IP)

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let thread = thread_index(group, lane);
    let query = thread / WORDS;
    let word = thread % WORDS;
    if query >= step.rows {
        return;
    }
    let bits = barred[word];
    for (var n = 0u; n < min(32u, ITEMS - word * 32u); n += 1u) {
        if ((bits >> n) & 1u) == 1u {
            scores[query * IP + word * 32u + n] = IMPOSSIBLE;
        }
    }
}
