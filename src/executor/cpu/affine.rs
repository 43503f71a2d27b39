//! Twin of `shaders/affine*.wgsl`.

use twotower_simd::{add, add_by_rows, by_columns, by_rows, pack_columns, pack_rows};

use super::Twin;
use super::memory::{Memory, view};
use crate::plan::{Affine, AffineBack, Layer, TILE};

impl Twin for Affine {
    fn run(&self, memory: &mut Memory, _: usize) {
        let Layer { rows, input, output } = self.layer;
        let mut scratch = memory.take_scratch(input * output);
        let panels = &mut scratch[..input * output];
        let [x, weights, bias, y] = memory.many([self.x, self.weights, self.bias, self.y]);
        let (bias, y) = (view::<f32>(bias), &mut view::<f32>(y)[..rows * output]);
        pack_columns(&[&view::<f32>(weights)[..input * output]], output, panels);
        let panels = &mut panels.chunks_exact(input * TILE);
        by_columns(&view::<f32>(x)[..rows * input], input, panels, output, y);
        for row in y.chunks_exact_mut(output) {
            add(row, bias);
            if self.relu {
                row.iter_mut().for_each(|element| *element = element.max(0.0));
            }
        }
        memory.give_scratch(scratch);
    }
}

impl Twin for AffineBack {
    fn run(&self, memory: &mut Memory, _: usize) {
        let Layer { rows, input, output } = self.layer;
        let mut scratch = memory.take_scratch((input + rows) * output);
        let (weight_rows, rest) = scratch.split_at_mut(input * output);
        let gradient_columns = &mut rest[..rows * output];
        let [x, d_y, weights, d_x, d_weights, d_bias] =
            memory.many([self.x, self.d_y, self.weights, self.d_x, self.d_weights, self.d_bias]);
        let x = &view::<f32>(x)[..rows * input];
        let d_y = &view::<f32>(d_y)[..rows * output];
        let d_x = &mut view::<f32>(d_x)[..rows * input];
        let d_weights = &mut view::<f32>(d_weights)[..input * output];
        let d_bias = &mut view::<f32>(d_bias)[..output];

        pack_rows(&[&view::<f32>(weights)[..input * output]], output, weight_rows);
        by_rows(d_y, output, weight_rows, input, d_x);
        if self.relu {
            for (d_x, x) in d_x.iter_mut().zip(x) {
                *d_x = if *x > 0.0 { *d_x } else { 0.0 };
            }
        }
        pack_columns(&[d_y], output, gradient_columns);
        d_weights.fill(0.0);
        let panels = &mut gradient_columns.chunks_exact(rows * TILE);
        add_by_rows(x, input, input, panels, output, d_weights);
        d_bias.fill(0.0);
        d_y.chunks_exact(output).for_each(|row| add(d_bias, row));
        memory.give_scratch(scratch);
    }
}
