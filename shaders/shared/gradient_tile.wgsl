// Eight neighbouring sums over a range of terms, at eight neighbours of the width, which stay in
// registers: four matrices of 4 × 4.
// The shader that imports this has `weights_at(term, sum)`, the weights of four neighbouring terms in
// four neighbouring sums, a sum a column of the matrix; `terms_at(term, k)`, four neighbouring terms at
// one vec4 of their width, a term a column; and `store(at, sum)` for one vec4. Depends on the constant D4.
struct Tile {
    top_left: mat4x4<f32>,
    top_right: mat4x4<f32>,
    bottom_left: mat4x4<f32>,
    bottom_right: mat4x4<f32>,
}

fn gradient_tile(sum: u32, k: u32, first: u32, last: u32) -> Tile {
    var tile = Tile();
    for (var term = first; term < last; term += 4u) {
        let top = weights_at(term, sum);
        let bottom = weights_at(term, sum + 4u);
        let left = terms_at(term, k);
        let right = terms_at(term, k + 1u);
        tile.top_left += left * top;
        tile.top_right += right * top;
        tile.bottom_left += left * bottom;
        tile.bottom_right += right * bottom;
    }
    return tile;
}

fn store_tile(sum: u32, k: u32, tile: Tile) {
    let at = sum * D4 + k;
    for (var n = 0u; n < 4u; n += 1u) {
        store(at + n * D4, tile.top_left[n]);
        store(at + n * D4 + 1u, tile.top_right[n]);
        store(at + (n + 4u) * D4, tile.bottom_left[n]);
        store(at + (n + 4u) * D4 + 1u, tile.bottom_right[n]);
    }
}
