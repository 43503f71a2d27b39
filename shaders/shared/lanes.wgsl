// Sums over the lanes of a workgroup, in a fixed order: the same bits in every run.
// Depends on the constant LANES. Every lane of the workgroup must call it.
var<workgroup> sh_lanes: array<f32, LANES>;

fn sum_over_lanes(lane: u32, value: f32) -> f32 {
    workgroupBarrier();
    sh_lanes[lane] = value;
    workgroupBarrier();
    var sum = 0.0;
    for (var n = 0u; n < LANES; n += 1u) {
        sum += sh_lanes[n];
    }
    return sum;
}
