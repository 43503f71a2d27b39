// Gradient of one distinct row of a table: the gradients of all its uses in the batch, summed in the
// order of their rows, then passed back through the scaling to length 1.
// One workgroup per place in the sorted order; only the one at the first place of an id in the current
// shard does the work.
// Depends on the constants D4, P, LANES, NORMALIZE, MIN_NORM, L2, on the bindings `step`, `order`,
// `d_out`, `shard` and `table`, and on the shared files `first_use` and `lanes`.

// Number of vec4s of a row that one lane holds.
const SHARE: u32 = (D4 + LANES - 1u) / LANES;

struct RowGradient {
    g: array<vec4<f32>, SHARE>,
}

// Returns the row of the bound shard that a place in the order updates, or NO_ID if it updates none.
fn row_to_move(place: u32) -> u32 {
    let row = order[step.slot * P + min(place, P - 1u)].x - shard.write;
    return select(NO_ID, row, is_first_use(place) && row < arrayLength(&table) / D4);
}

fn row_gradient(place: u32, at: u32, lane: u32) -> RowGradient {
    var row = RowGradient();
    let base = step.slot * P;
    let id = order[base + place].x;
    for (var use_at = place; use_at < P; use_at += 1u) {
        let entry = order[base + use_at];
        if entry.x != id {
            break;
        }
        for (var n = 0u; n < SHARE; n += 1u) {
            let k = n * LANES + lane;
            if k < D4 {
                row.g[n] += d_out[entry.y * D4 + k];
            }
        }
    }
    if NORMALIZE {
        // x = w / |w|: dw = (dx - x (x·dx)) / |w|
        var square = 0.0;
        var product = 0.0;
        for (var n = 0u; n < SHARE; n += 1u) {
            let k = n * LANES + lane;
            if k < D4 {
                let w = table[at * D4 + k];
                square += dot(w, w);
                product += dot(w, row.g[n]);
            }
        }
        let norm = max(sqrt(sum_over_lanes(lane, square)), MIN_NORM);
        let along = sum_over_lanes(lane, product) / (norm * norm);
        for (var n = 0u; n < SHARE; n += 1u) {
            let k = n * LANES + lane;
            if k < D4 {
                row.g[n] = (row.g[n] - table[at * D4 + k] * along) / norm;
            }
        }
    }
    for (var n = 0u; n < SHARE; n += 1u) {
        let k = n * LANES + lane;
        if k < D4 {
            row.g[n] += L2 * table[at * D4 + k];
        }
    }
    return row;
}
