// Softmax over each row of a chunk's logits, in place: the row's loss, and the gradient of the loss.
// loss[b] = logsumexp_j logits[b, j] - logits[b, b]
// logits[b, j] becomes d loss / d (u_b·v_j) = (softmax_j - [j = b]) / (τ rows); 0 after the batch's last row.
// One workgroup per row; each lane keeps a running (maximum, sum) of its share of the columns.
#import chunk
#import grid
#import lanes
#import step

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> chunk: Chunk;
@group(0) @binding(2) var<storage, read_write> logits: array<vec4<f32>>; // (C, COLUMNS)
@group(0) @binding(3) var<storage, read_write> row_loss: array<f32>; // (S, B)
@group(0) @binding(4) var<storage, read_write> row_lse: array<f32>; // (B)

var<workgroup> sh_max: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let row_in_chunk = group_index(group);
    let row = chunk.index * C + row_in_chunk;
    let base = row_in_chunk * COLUMNS / 4u;
    if row_in_chunk >= C {
        return;
    }
    if row >= step.rows {
        for (var k = lane; k < COLUMNS / 4u; k += LANES) {
            logits[base + k] = vec4(0.0);
        }
        return;
    }
    var lane_max = IMPOSSIBLE;
    var lane_sum = 0.0;
    for (var k = lane; k < COLUMNS / 4u; k += LANES) {
        let s = logits[base + k];
        let m = max(lane_max, max(max(s.x, s.y), max(s.z, s.w)));
        lane_sum = lane_sum * exp(lane_max - m) + dot(exp(s - m), vec4(1.0));
        lane_max = m;
    }
    sh_max[lane] = lane_max;
    workgroupBarrier();
    var row_max = IMPOSSIBLE;
    for (var n = 0u; n < LANES; n += 1u) {
        row_max = max(row_max, sh_max[n]);
    }
    let sum = sum_over_lanes(lane, lane_sum * exp(lane_max - row_max));
    if lane == 0u {
        let lse = row_max + log(sum);
        row_lse[row] = lse;
        row_loss[step.slot * B + row] = lse - logits[base + row / 4u][row % 4u];
    }
    // Every lane has read the positive above before any lane overwrites it below.
    storageBarrier();
    let scale = 1.0 / (TEMPERATURE * f32(step.rows));
    for (var k = lane; k < COLUMNS / 4u; k += LANES) {
        let columns = vec4(4u * k) + vec4(0u, 1u, 2u, 3u);
        let positive = select(vec4(0.0), vec4(1.0), columns == vec4(row));
        logits[base + k] = (exp(logits[base + k] - row_max) / sum - positive) * scale;
    }
}
