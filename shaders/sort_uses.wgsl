// Lists each step's uses of a table's rows and sorts them. The IDS candidates come first (IDS is 0 if they
// use another table), then every member of the lists of the step's ROWS owners. Each use has a row of the
// gradient: the candidate's place, or FIRST + r for the owner in row r. Skips the row's own positive if
// LEAVES_OUT.
// One workgroup per step of the window.
#import sort_order

@group(0) @binding(0) var<storage, read> owners: array<u32>; // (S, ROWS)
@group(0) @binding(1) var<storage, read> item_ids: array<u32>; // (S, K) the positives first
@group(0) @binding(2) var<storage, read> offsets: array<u32>; // (R + 1)
@group(0) @binding(3) var<storage, read> members: array<u32>; // the lists, one after another
@group(0) @binding(4) var<storage, read_write> order: array<vec2<u32>>; // (S, P) member, row of the gradient

fn use_at(slot: u32, place: u32) -> vec2<u32> {
    if place < IDS {
        return vec2(item_ids[slot * K + place], place);
    }
    let row = (place - IDS) / MOST;
    let nth = (place - IDS) % MOST;
    let absent = vec2(NO_ID, NO_ID);
    if row >= ROWS {
        return absent;
    }
    let owner = owners[slot * ROWS + row];
    if owner == NO_ID {
        return absent;
    }
    let at = offsets[owner] + nth;
    if at >= offsets[owner + 1u] {
        return absent;
    }
    let member = members[at];
    if LEAVES_OUT && member == item_ids[slot * K + row] {
        return absent;
    }
    return vec2(member, FIRST + row);
}

@compute @workgroup_size(SORTERS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let slot = group.x;
    let base = slot * P;
    for (var place = lane; place < P; place += SORTERS) {
        order[base + place] = use_at(slot, place);
    }
    sort_order(base, lane);
}
