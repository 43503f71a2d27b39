// An 8 × 8 tile of products, rows by columns over the whole width, whose sums stay in registers: four
// matrices of 4 × 4.
// The shader that imports this has `rows_at(row, k)` and `columns_at(column, k)`, four neighbours at one
// vec4 of their width, a neighbour a column of the matrix; and `store(row, column, products)`, which
// takes four rows by four columns, a row a column of the matrix. Depends on the constant D4.
struct Tile {
    top_left: mat4x4<f32>,
    top_right: mat4x4<f32>,
    bottom_left: mat4x4<f32>,
    bottom_right: mat4x4<f32>,
}

fn score_tile(row: u32, column: u32) -> Tile {
    var tile = Tile();
    for (var k = 0u; k < D4; k += 1u) {
        let top = rows_at(row, k);
        let bottom = rows_at(row + 4u, k);
        let left = transpose(columns_at(column, k));
        let right = transpose(columns_at(column + 4u, k));
        tile.top_left += left * top;
        tile.top_right += right * top;
        tile.bottom_left += left * bottom;
        tile.bottom_right += right * bottom;
    }
    return tile;
}

fn store_tile(row: u32, column: u32, tile: Tile) {
    store(row, column, tile.top_left);
    store(row, column + 4u, tile.top_right);
    store(row + 4u, column, tile.bottom_left);
    store(row + 4u, column + 4u, tile.bottom_right);
}
