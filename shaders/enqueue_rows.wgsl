// Writes a step's outputs to the bank, first in, first out: bank[(cursor + b) mod M] = rows[b].
// If the batch is larger than the bank, only its last M rows are kept. One thread per row and vec4 of the width.
#import grid
#import step

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> rows: array<vec4<f32>>; // (BP, D)
@group(0) @binding(2) var<storage, read_write> bank: array<vec4<f32>>; // (MP, D)

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let thread = thread_index(group, lane);
    let row = thread / D4;
    if row < step.rows && row + M >= step.rows {
        bank[(step.cursor + row) % M * D4 + thread % D4] = rows[thread];
    }
}
