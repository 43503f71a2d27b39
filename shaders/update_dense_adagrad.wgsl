// Row-wise Adagrad on a layer: a += mean_k g², w -= lr g / (√a + ε). A row of a bias is one element.
// One workgroup per row.
#import grid
#import lanes
#import step

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> gradient: array<f32>; // (R, COLUMNS)
@group(0) @binding(2) var<storage, read_write> table: array<f32>; // (R, COLUMNS)
@group(0) @binding(3) var<storage, read_write> squares: array<f32>; // (R) a

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let row = group_index(group);
    if row >= ROWS {
        return;
    }
    var square = 0.0;
    for (var k = lane; k < COLUMNS; k += LANES) {
        let at = row * COLUMNS + k;
        let g = gradient[at] + L2 * table[at];
        square += g * g;
    }
    let before = squares[row];
    // Every lane has read the old sum above before any lane writes the new one below.
    storageBarrier();
    let sum = before + sum_over_lanes(lane, square) / WIDTH;
    let rate = step.rate / (sqrt(sum) + EPSILON);
    for (var k = lane; k < COLUMNS; k += LANES) {
        let at = row * COLUMNS + k;
        table[at] -= rate * (gradient[at] + L2 * table[at]);
    }
    if lane == 0u {
        squares[row] = sum;
    }
}
