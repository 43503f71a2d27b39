// Gradient of the loss with respect to the candidates' outputs: d_item[j] = d_logits[j] u_b for the row b
// of candidate j.
// One thread per vec4 of a candidate.
#import grid
#import step

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> d_logits: array<f32>; // (K) B positives, then PER_ROW negatives per row
@group(0) @binding(2) var<storage, read> users: array<vec4<f32>>; // (BP, D) u
@group(0) @binding(3) var<storage, read_write> d_item: array<vec4<f32>>; // (KP, D)

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let at = thread_index(group, lane);
    let column = at / D4;
    let k = at % D4;
    if column >= K {
        return;
    }
    var row = column;
    if column >= B {
        row = (column - B) / PER_ROW;
    }
    if row < step.rows {
        d_item[at] = d_logits[column] * users[row * D4 + k];
    }
}
