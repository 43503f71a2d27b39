//! A tower's layer, `y = x W + b`, forward and backward. All widths and row counts are padded to a
//! multiple of 8. The padding of W, b and the gradients is zero, so it stays zero.

use crate::plan::dispatch::{Dispatch, Kernel, folded, lanes, shader, tiles};
use crate::plan::{Buffer, Operation, Work};

shader!(AffineShader, "affine", [x: Read, weights: Read, bias: Read, y: Write]);
shader!(AffineDInputShader, "affine_d_input", [x: Read, d_y: Read, weights: Read, d_x: Write]);
shader!(AffineDWeightsShader, "affine_d_weights", [x: Read, d_y: Read, d_weights: Write]);
shader!(AffineDBiasShader, "affine_d_bias", [d_y: Read, d_bias: Write]);

/// Sizes of a layer.
#[derive(Debug, Clone, Copy)]
pub struct Layer {
    /// Number of rows that go through it.
    pub rows: usize,
    /// Width of a row of x.
    pub input: usize,
    /// Width of a row of y.
    pub output: usize,
}

impl Layer {
    fn elements(self) -> usize {
        self.rows * (self.input + self.output) + (self.input + 1) * self.output
    }

    fn product(self) -> usize {
        self.rows * self.input * self.output
    }
}

/// Forward pass of a layer.
#[derive(Debug)]
pub struct Affine {
    /// Sizes.
    pub layer: Layer,
    /// (`rows`, `input`) read.
    pub x: Buffer,
    /// (`input`, `output`) W, read.
    pub weights: Buffer,
    /// (`output`) b, read.
    pub bias: Buffer,
    /// (`rows`, `output`) written.
    pub y: Buffer,
    /// Whether negative elements of y become 0: true for every layer except the last.
    pub relu: bool,
}

impl Operation for Affine {
    fn work(&self, _: usize) -> Work {
        Work::new(self.layer.elements(), self.layer.product())
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        let Layer { rows, input, output } = self.layer;
        vec![
            AffineShader { x: self.x, weights: self.weights, bias: self.bias, y: self.y }.dispatch(
                tiles(output, rows),
                vec![
                    ("D4", (output / 4).into()),
                    ("INPUT", input.into()),
                    ("ROWS", rows.into()),
                    ("RELU", self.relu.into()),
                ],
            ),
        ]
    }
}

/// Backward pass of a layer.
#[derive(Debug)]
pub struct AffineBack {
    /// Sizes.
    pub layer: Layer,
    /// (`rows`, `input`) read.
    pub x: Buffer,
    /// (`rows`, `output`) read; zero where the step has no row.
    pub d_y: Buffer,
    /// (`input`, `output`) W, read.
    pub weights: Buffer,
    /// (`rows`, `input`) written.
    pub d_x: Buffer,
    /// (`input`, `output`) written.
    pub d_weights: Buffer,
    /// (`output`) written.
    pub d_bias: Buffer,
    /// Whether x is the output of a ReLU.
    pub relu: bool,
}

impl Operation for AffineBack {
    fn work(&self, _: usize) -> Work {
        // x and its gradient, W and its gradient; two products.
        let both = 2 * self.layer.elements() - self.layer.rows * self.layer.output;
        Work::new(both, 2 * self.layer.product())
    }

    fn dispatches(&self) -> Vec<Dispatch> {
        let Layer { rows, input, output } = self.layer;
        let constants = || {
            vec![
                ("D4", (output / 4).into()),
                ("INPUT", input.into()),
                ("ROWS", rows.into()),
                ("LANES", lanes(rows)),
                ("RELU", self.relu.into()),
            ]
        };
        let Self { x, d_y, weights, d_x, d_weights, d_bias, .. } = *self;
        vec![
            AffineDInputShader { x, d_y, weights, d_x }.dispatch(tiles(input, rows), constants()),
            AffineDWeightsShader { x, d_y, d_weights }.dispatch(tiles(output, input), constants()),
            AffineDBiasShader { d_y, d_bias }.dispatch(folded(output / 4), constants()),
        ]
    }
}
