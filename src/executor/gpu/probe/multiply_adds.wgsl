// Keeps a thread busy with multiply-adds: eight chains of four lanes, and no memory access except one
// element read and written.
@group(0) @binding(0) var<storage, read_write> values: array<vec4<f32>>;

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let addend = values[id.x];
    let factor = vec4(0.999) + addend;
    var a = addend;
    var b = a + vec4(1.0);
    var c = a + vec4(2.0);
    var d = a + vec4(3.0);
    var e = a + vec4(4.0);
    var f = a + vec4(5.0);
    var g = a + vec4(6.0);
    var h = a + vec4(7.0);
    for (var round = 0u; round < ROUNDS; round += 1u) {
        a = a * factor + addend;
        b = b * factor + addend;
        c = c * factor + addend;
        d = d * factor + addend;
        e = e * factor + addend;
        f = f * factor + addend;
        g = g * factor + addend;
        h = h * factor + addend;
    }
    values[id.x] = a + b + c + d + e + f + g + h;
}
