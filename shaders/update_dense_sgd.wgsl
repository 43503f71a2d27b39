// Plain gradient descent on every element of a layer: w -= lr g.
// One thread per element.
#import grid
#import step

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> gradient: array<f32>; // (R, COLUMNS)
@group(0) @binding(2) var<storage, read_write> table: array<f32>; // (R, COLUMNS)

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let at = thread_index(group, lane);
    if at >= ROWS * COLUMNS {
        return;
    }
    let g = gradient[at] + L2 * table[at];
    table[at] -= step.rate * g;
}
