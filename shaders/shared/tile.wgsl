// A thread's tile of a matrix product; its sums stay in registers. A tile is 8 × 8 sums, or 16 × 16 if
// WIDE, which halves the reads per multiplication.
// The shader that imports this file defines
//   `is_inside(row, column)`: whether the 8 × 8 products that start there are needed;
//   `rows_at(row, n)`: terms 4n to 4n + 3 of four neighbouring rows, each row a column of the matrix;
//   `columns_at(column, n)`: the same terms of four neighbouring columns, each term a column of the matrix;
//   `store(row, column, products)`: stores four rows by four columns, each row a column of the matrix.
// Values read past the last row or column of a matrix are arbitrary, and are never stored.
// Depends on the constant WIDE.
const TILE: u32 = select(8u, 16u, WIDE);

struct Eight {
    near: mat4x4<f32>,
    far: mat4x4<f32>,
}

struct Products {
    top_left: mat4x4<f32>,
    top_right: mat4x4<f32>,
    bottom_left: mat4x4<f32>,
    bottom_right: mat4x4<f32>,
}

fn eight_rows(row: u32, n: u32) -> Eight {
    return Eight(rows_at(row, n), rows_at(row + 4u, n));
}

fn eight_columns(column: u32, n: u32) -> Eight {
    return Eight(columns_at(column, n), columns_at(column + 4u, n));
}

fn multiply_add(sums: ptr<function, Products>, columns: Eight, rows: Eight) {
    (*sums).top_left += columns.near * rows.near;
    (*sums).top_right += columns.far * rows.near;
    (*sums).bottom_left += columns.near * rows.far;
    (*sums).bottom_right += columns.far * rows.far;
}

fn store_products(row: u32, column: u32, products: Products) {
    if is_inside(row, column) {
        store(row, column, products.top_left);
        store(row, column + 4u, products.top_right);
        store(row + 4u, column, products.bottom_left);
        store(row + 4u, column + 4u, products.bottom_right);
    }
}

// Computes the products of the tile that starts at a row and a column, over the terms 4·first to 4·last − 1.
fn multiply(row: u32, column: u32, first: u32, last: u32) {
    if !is_inside(row, column) {
        return;
    }
    var here = Products();
    var right = Products();
    var below = Products();
    var across = Products();
    for (var n = first; n < last; n += 1u) {
        let rows = eight_rows(row, n);
        let columns = eight_columns(column, n);
        multiply_add(&here, columns, rows);
        if WIDE {
            let rows_below = eight_rows(row + 8u, n);
            let columns_right = eight_columns(column + 8u, n);
            multiply_add(&right, columns_right, rows);
            multiply_add(&below, columns, rows_below);
            multiply_add(&across, columns_right, rows_below);
        }
    }
    if WIDE {
        var sums = array(here, right, below, across);
        for (var n = 0u; n < 4u; n += 1u) {
            store_products(row + 8u * (n / 2u), column + 8u * (n % 2u), sums[n]);
        }
    } else {
        store_products(row, column, here);
    }
}
