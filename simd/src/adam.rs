//! Adam (Kingma & Ba 2015).

/// What is the same for all elements in a step.
#[derive(Debug, Clone, Copy)]
pub struct Adam {
    /// Decay of the first moment.
    pub beta_m: f32,
    /// Decay of the second moment.
    pub beta_v: f32,
    /// What keeps the divisor above 0.
    pub epsilon: f32,
    /// Step length.
    pub rate: f32,
    /// What takes the bias out of the first moment.
    pub correction_m: f32,
    /// The same for the second one.
    pub correction_v: f32,
}

impl Adam {
    /// Moves a row by its gradient.
    pub fn update(self, row: &mut [f32], gradient: &[f32], m: &mut [f32], v: &mut [f32]) {
        for (((w, m), v), g) in row.iter_mut().zip(m).zip(v).zip(gradient) {
            self.update_one(w, *g, m, v);
        }
    }

    /// Moves one element.
    #[inline]
    pub fn update_one(self, w: &mut f32, g: f32, m: &mut f32, v: &mut f32) {
        *m = self.beta_m * *m + (1.0 - self.beta_m) * g;
        *v = self.beta_v * *v + (1.0 - self.beta_v) * g * g;
        *w -=
            self.rate * (*m * self.correction_m) / ((*v * self.correction_v).sqrt() + self.epsilon);
    }
}
