// Writes an entry of the bank for each row of a step: all that the bank keeps except outputs.
// One thread per row.
#import bank
#import grid
#import step

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> item_ids: array<u32>; // (S, K)
@group(0) @binding(2) var<storage, read> log_q: array<f32>; // (I)
@group(0) @binding(3) var<storage, read> row_lse: array<f32>; // (B)
@group(0) @binding(4) var<storage, read_write> bank_entries: array<Entry>; // (M)

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let row = thread_index(group, lane);
    if row >= step.rows || row + M < step.rows {
        return;
    }
    let item = item_ids[step.slot * K + row];
    var correction = 0.0;
    if LOG_Q {
        correction = log_q[item];
    }
    let candidates = f32(step.rows + K - B + step.bank);
    bank_entries[(step.cursor + row) % M] = Entry(item, correction, row_lse[row] - log(candidates), 0u);
}
