// Returns the id of a row of the current step, NO_ID for a row after the step's last.
// Depends on the constant SLOT (ids per step), and on the bindings `step` and `ids`, (S, SLOT).

fn row_id(row: u32) -> u32 {
    if row < SLOT {
        return ids[step.slot * SLOT + row];
    }
    return NO_ID;
}
