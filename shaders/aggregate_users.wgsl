// OneBP (Chen & Wang 2024): moves each user of the batch towards the outputs of their items:
// e_u = β^n e_u + (1 - β^n) mean(e_i) over the user's n pairs of the batch. Their order does not matter.
// One workgroup per place in the sorted order of the batch's users; only the one at a user's first place does the work.
#import first_use
#import grid
#import shard
#import step

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> shard: Shard;
@group(0) @binding(2) var<storage, read> order: array<vec2<u32>>; // (S, P) user, row
@group(0) @binding(3) var<storage, read> items: array<vec4<f32>>; // (BP, D) the positives' outputs after the step
@group(0) @binding(4) var<storage, read_write> users: array<vec4<f32>>; // (U, D)

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let place = group_index(group);
    if !is_first_use(place) {
        return;
    }
    let base = step.slot * P;
    let user = order[base + place].x;
    let at = user - shard.write;
    if at >= arrayLength(&users) / D4 {
        return;
    }
    for (var k = lane; k < D4; k += LANES) {
        var sum = vec4(0.0);
        var count = 0.0;
        var stay = 1.0;
        for (var use_at = place; use_at < P; use_at += 1u) {
            let entry = order[base + use_at];
            if entry.x != user {
                break;
            }
            sum += items[entry.y * D4 + k];
            count += 1.0;
            stay *= BETA;
        }
        users[at * D4 + k] = stay * users[at * D4 + k] + (1.0 - stay) * (sum / count);
    }
}
