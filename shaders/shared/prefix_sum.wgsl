// Inclusive prefix sums over the lanes of a workgroup (Hillis & Steele 1986): every lane gets the sum
// of the values up to and including its own. Depends on the constant BLOCK. Every lane must call it;
// after the call, the last element of sh_sums is the total.
var<workgroup> sh_sums: array<u32, BLOCK>;

fn prefix_sum(lane: u32, value: u32) -> u32 {
    workgroupBarrier();
    sh_sums[lane] = value;
    for (var stride = 1u; stride < BLOCK; stride *= 2u) {
        workgroupBarrier();
        var sum = sh_sums[lane];
        if lane >= stride {
            sum += sh_sums[lane - stride];
        }
        workgroupBarrier();
        sh_sums[lane] = sum;
    }
    workgroupBarrier();
    return sh_sums[lane];
}
