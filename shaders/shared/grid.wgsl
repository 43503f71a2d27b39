// Indices in grids that are folded to stay within 65,535 workgroups per dimension.
// Depends on the constants GRID_WIDTH and WG_SIZE.

fn group_index(group: vec3<u32>) -> u32 {
    return group.y * GRID_WIDTH + group.x;
}

// Returns the index of a thread, in workgroups of WG_SIZE.
fn thread_index(group: vec3<u32>, lane: u32) -> u32 {
    return group_index(group) * WG_SIZE + lane;
}
