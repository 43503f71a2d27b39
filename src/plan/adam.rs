//! Adam's constants (Kingma & Ba 2015), and their logarithms, which the bias corrections are
//! computed from.

/// Decay of the first moment, β₁.
pub const BETA_M: f32 = 0.9;
/// Decay of the second moment, β₂.
pub const BETA_V: f32 = 0.999;
/// ln β₁.
pub const LOG_BETA_M: f32 = -0.105_360_515;
/// ln β₂.
pub const LOG_BETA_V: f32 = -0.001_000_500_3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithms_are_those_of_the_decays() {
        // In f64: the f32 nearest to 0.999 is off by 1e-8, which is 1e-5 of its logarithm.
        for (log, beta) in [(LOG_BETA_M, 0.9f64), (LOG_BETA_V, 0.999)] {
            assert_eq!(log, beta.ln() as f32);
        }
        assert_eq!((BETA_M, BETA_V), (0.9, 0.999));
    }
}
