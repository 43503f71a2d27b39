// The id of a row of the step at hand, NO_ID for a row past the step's.
// Depends on the constant SLOT, ids of a step, and on the bindings `step` and `ids`, (S, SLOT).

fn row_id(row: u32) -> u32 {
    if row < SLOT {
        return ids[step.slot * SLOT + row];
    }
    return NO_ID;
}
