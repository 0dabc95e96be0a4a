//! The standard normal distribution: Phi and its inverse Z, the two functions that every other file here stands on.
//!
//! Phi comes from `libm`'s erfc, exact to the last digit or two. Z starts from a textbook approximation and is polished on
//! Phi: the two stay each other's inverse.

/// Phi(x): the chance that a standard normal number is at most `x`.
pub fn cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

/// Z(p): the number below which a standard normal falls with chance `p`. Infinite at 0 and 1, NaN outside.
pub fn quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p == 0.0 || p == 1.0 {
        return if p == 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    // The lower tail keeps its relative precision, the upper one does not: solve there and mirror.
    if p > 0.5 {
        return -lower_quantile(1.0 - p);
    }
    lower_quantile(p)
}

fn lower_quantile(p: f64) -> f64 {
    // Abramowitz and Stegun (1964), 26.2.23: off by 4.5e-4 at most.
    let t = (-2.0 * p.ln()).sqrt();
    let above = 2.515517 + t * (0.802853 + t * 0.010328);
    let below = 1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308));
    let mut x = above / below - t;
    // Halley's step for Phi(x) - p = 0, whose second derivative is -x * density. The error is cubed each time.
    for _ in 0..3 {
        let density = (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
        if density < f64::MIN_POSITIVE {
            break;
        }
        let newton = (cdf(x) - p) / density;
        x -= newton / (1.0 + 0.5 * x * newton);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn textbook_values_are_reproduced_to_full_precision() {
        for (p, z) in [
            (0.5, 0.0),
            (0.975, 1.959_963_984_540_054),
            (0.95, 1.644_853_626_951_472_7),
            (0.99, 2.326_347_874_040_841),
            (1e-10, -6.361_340_902_404_056),
            (0.001, -3.090_232_306_167_813_5),
        ] {
            assert!((quantile(p) - z).abs() < 2e-14 * z.abs().max(1.0), "Z({p}) = {}, not {z}", quantile(p));
            assert!((cdf(z) - p).abs() < 1e-15 + 1e-13 * p, "Phi({z}) = {}, not {p}", cdf(z));
        }
    }

    #[test]
    fn the_quantile_undoes_the_distribution_function() {
        for i in -80..=80 {
            let x = f64::from(i) / 10.0;
            // Above zero 1 - p has lost digits before we see it; only the shape can be checked there.
            let slack = if x <= 0.0 { 1e-12 } else { 1e-15 / cdf(-x) };
            assert!((quantile(cdf(x)) - x).abs() <= slack.max(1e-12), "{x} came back as {}", quantile(cdf(x)));
        }
        assert!(quantile(1.5).is_nan() && quantile(f64::NAN).is_nan());
        assert_eq!((quantile(0.0), quantile(1.0)), (f64::NEG_INFINITY, f64::INFINITY));
    }
}
