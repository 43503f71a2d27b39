// Gradient of the loss with respect to the user outputs: d_user[b] = Σ_j d_logits[j] v_j over the row's candidates.
// One thread per vec4 of a row.
#import grid
#import step

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> d_logits: array<f32>; // (K) B positives, then PER_ROW negatives per row
@group(0) @binding(2) var<storage, read> items: array<vec4<f32>>; // (KP, D) v
@group(0) @binding(3) var<storage, read_write> d_user: array<vec4<f32>>; // (BP, D)

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let at = thread_index(group, lane);
    let row = at / D4;
    let k = at % D4;
    if row >= step.rows {
        return;
    }
    var sum = d_logits[row] * items[at];
    let first = B + row * PER_ROW;
    for (var column = first; column < first + PER_ROW; column += 1u) {
        sum += d_logits[column] * items[column * D4 + k];
    }
    d_user[at] = sum;
}
