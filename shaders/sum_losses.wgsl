// Writes the mean loss of each step of the window so far to the ring.
// One workgroup per step; the value of a step that has not run yet is overwritten by the next call.
#import lanes
#import step

@group(0) @binding(0) var<storage, read> steps: array<StepSlot>; // (S)
@group(0) @binding(1) var<storage, read> row_loss: array<f32>; // (S, B)
@group(0) @binding(2) var<storage, read_write> losses: array<f32>; // (RING)

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let slot = group.x;
    let step = steps[slot].step;
    var sum = 0.0;
    for (var row = lane; row < step.rows; row += LANES) {
        sum += row_loss[slot * B + row];
    }
    sum = sum_over_lanes(lane, sum);
    if lane == 0u && step.rows > 0u {
        losses[step.ring] = sum / f32(step.rows);
    }
}
