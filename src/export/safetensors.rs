//! Both towers' outputs in one safetensors file.

use safetensors::Dtype;
use safetensors::tensor::TensorView;

use super::Matrix;

/// The tensors `users` and `items`.
pub fn safetensors(users: &Matrix, items: &Matrix) -> Vec<u8> {
    let sides = [("users", users), ("items", items)].map(|(name, matrix)| {
        let shape = vec![matrix.len(), matrix.width];
        let view = TensorView::new(Dtype::F32, shape, bytemuck::cast_slice(&matrix.values));
        (name, view.expect("a matrix has the size of its shape"))
    });
    safetensors::serialize(sides, None).expect("two tensors serialise")
}
