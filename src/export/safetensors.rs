//! Both towers' outputs in one safetensors file.

use super::Matrix;
use crate::safetensors::{Data, Dtype, Entry, write};

/// The tensors `users` and `items`.
pub fn safetensors(users: &Matrix, items: &Matrix) -> Vec<u8> {
    let entry = |name: &str, matrix: &Matrix| Entry {
        name: name.into(),
        dtype: Dtype::F32,
        shape: vec![matrix.len(), matrix.width],
        data: Data::Words(bytemuck::cast_slice(&matrix.values).to_vec()),
    };
    write(vec![entry("users", users), entry("items", items)], &[])
}
