// Index of this workgroup in a grid that was folded to stay within 65,535 workgroups a dimension.
// Depends on the constant GRID_WIDTH.
fn group_index(group: vec3<u32>) -> u32 {
    return group.y * GRID_WIDTH + group.x;
}
