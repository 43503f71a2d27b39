// Returns whether a place in the sorted order of a step's ids is the first place of its id.
// Depends on the constants P and NO_ID, and on the bindings `step` and `order`.
fn is_first_use(place: u32) -> bool {
    let at = step.slot * P + min(place, P - 1u);
    let id = order[at].x;
    return place < P && id != NO_ID && (place == 0u || id != order[max(at, 1u) - 1u].x);
}
