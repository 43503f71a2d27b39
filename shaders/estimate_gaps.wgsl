// Streaming estimate of the probability that an item is in a batch, once for each distinct item of the
// step: gap = (1 - α) gap + α (t - last seen), log q = ln min(1, 1 / gap).
// One thread per place in the sorted order of the step's ids.
#import first_use
#import grid
#import step

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> order: array<vec2<u32>>; // (S, P) id, row
@group(0) @binding(2) var<storage, read_write> gaps: array<f32>; // (I)
@group(0) @binding(3) var<storage, read_write> last_seen: array<u32>; // (I) number of the item's last step
@group(0) @binding(4) var<storage, read_write> log_q: array<f32>; // (I)

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let place = thread_index(group, lane);
    if !is_first_use(place) {
        return;
    }
    let item = order[step.slot * P + place].x;
    let gap = (1.0 - RATE) * gaps[item] + RATE * f32(step.number - last_seen[item]);
    gaps[item] = gap;
    last_seen[item] = step.number;
    log_q[item] = -log(max(gap, 1.0));
}
