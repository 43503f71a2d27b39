// Softmax of each row over its positive and its own negatives: the row's loss, and the gradient of the
// loss with respect to the scores.
// logit[j] = u_b·v_j / τ - log q(j), loss[b] = logsumexp_j logit[j] - logit[b]
// d_logits[j] = d loss / d (u_b·v_j) = (softmax_j - [j = b]) / (τ rows)
// One workgroup per row; a lane reads back only the values that it wrote itself.
#import grid
#import lanes
#import step

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> users: array<vec4<f32>>; // (BP, D) u; BP = B padded to a multiple of 8
@group(0) @binding(2) var<storage, read> items: array<vec4<f32>>; // (KP, D) v; KP = K padded to a multiple of 8
@group(0) @binding(3) var<storage, read> item_ids: array<u32>; // (S, K) B positives, then PER_ROW negatives per row
@group(0) @binding(4) var<storage, read> log_q: array<f32>; // (I)
@group(0) @binding(5) var<storage, read_write> d_logits: array<f32>; // (K)
@group(0) @binding(6) var<storage, read_write> row_loss: array<f32>; // (S, B)

var<workgroup> sh_max: array<f32, LANES>;

// Column of a row's candidate n; candidate 0 is the positive.
fn candidate(row: u32, n: u32) -> u32 {
    return select(B + row * PER_ROW + n - 1u, row, n == 0u);
}

fn logit(row: u32, column: u32) -> f32 {
    var product = 0.0;
    for (var k = 0u; k < D4; k += 1u) {
        product += dot(users[row * D4 + k], items[column * D4 + k]);
    }
    var correction = 0.0;
    if LOG_Q {
        correction = log_q[item_ids[step.slot * K + column]];
    }
    return product * (1.0 / TEMPERATURE) - correction;
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let row = group_index(group);
    if row >= step.rows {
        return;
    }
    var lane_max = IMPOSSIBLE;
    for (var n = lane; n <= PER_ROW; n += LANES) {
        let column = candidate(row, n);
        let s = logit(row, column);
        d_logits[column] = s;
        lane_max = max(lane_max, s);
    }
    sh_max[lane] = lane_max;
    workgroupBarrier();
    var row_max = IMPOSSIBLE;
    for (var n = 0u; n < LANES; n += 1u) {
        row_max = max(row_max, sh_max[n]);
    }
    var lane_sum = 0.0;
    for (var n = lane; n <= PER_ROW; n += LANES) {
        lane_sum += exp(d_logits[candidate(row, n)] - row_max);
    }
    let sum = sum_over_lanes(lane, lane_sum);
    if lane == 0u {
        row_loss[step.slot * B + row] = row_max + log(sum) - d_logits[row];
    }
    let scale = 1.0 / (TEMPERATURE * f32(step.rows));
    for (var n = lane; n <= PER_ROW; n += LANES) {
        let column = candidate(row, n);
        let positive = select(0.0, 1.0, n == 0u);
        d_logits[column] = (exp(d_logits[column] - row_max) / sum - positive) * scale;
    }
}
