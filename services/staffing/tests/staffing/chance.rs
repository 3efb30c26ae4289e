//! Chance that is the same every time.

/// A fixed sequence of numbers (SplitMix64).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// From 0 on and below 1.
    pub(crate) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Mean 0, deviation 1 (Box and Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// A factor with mean 1 whose logarithm deviates by so much.
    pub(crate) fn factor(&mut self, deviation: f64) -> f64 {
        (deviation * self.normal() - deviation * deviation / 2.0).exp()
    }

    pub(crate) fn poisson(&mut self, mean: f64) -> u32 {
        let (mut count, mut time) = (0, -(1.0 - self.unit()).ln());
        while time < mean {
            count += 1;
            time -= (1.0 - self.unit()).ln();
        }
        count
    }
}
