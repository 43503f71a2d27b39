//! Exports both towers' outputs in one safetensors file.

use crate::formats::safetensors::{Data, Dtype, Entry, draft};

/// Returns the start of a file with the tensors `users` and `items`. Their numbers follow in this
/// order.
pub fn safetensors(users: [usize; 2], items: [usize; 2]) -> Vec<u8> {
    let entry = |number: usize, name: &str, shape: [usize; 2]| Entry {
        name: name.into(),
        dtype: Dtype::F32,
        shape: shape.to_vec(),
        data: Data::Later(number),
    };
    draft(vec![entry(0, "users", users), entry(1, "items", items)], &[]).start
}
