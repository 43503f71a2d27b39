//! Adam (Kingma & Ba 2015).

/// Values that all elements of a step share.
#[derive(Debug, Clone, Copy)]
pub struct Adam {
    /// Decay of the first moment.
    pub beta_m: f32,
    /// Decay of the second moment.
    pub beta_v: f32,
    /// ε, which keeps the divisor above 0.
    pub epsilon: f32,
    /// Learning rate.
    pub rate: f32,
    /// Bias correction of the first moment.
    pub correction_m: f32,
    /// Bias correction of the second moment.
    pub correction_v: f32,
}

impl Adam {
    /// Updates a row with its gradient.
    pub fn update(self, row: &mut [f32], gradient: &[f32], m: &mut [f32], v: &mut [f32]) {
        for (((w, m), v), g) in row.iter_mut().zip(m).zip(v).zip(gradient) {
            self.update_one(w, *g, m, v);
        }
    }

    /// Updates one element with its gradient.
    #[inline]
    pub fn update_one(self, w: &mut f32, g: f32, m: &mut f32, v: &mut f32) {
        *m = self.beta_m * *m + (1.0 - self.beta_m) * g;
        *v = self.beta_v * *v + (1.0 - self.beta_v) * g * g;
        *w -=
            self.rate * (*m * self.correction_m) / ((*v * self.correction_v).sqrt() + self.epsilon);
    }
}
