//! Adam with bias correction (Kingma and Ba 2015, algorithm 1), decoupled weight decay (Loshchilov and
//! Hutter 2019), and clipping by the global norm (Pascanu et al. 2013).

use crate::error::Error;
use crate::parameter::Parameters;
use crate::real::Real;
use crate::vector::vectorised;
use serde::{Deserialize, Serialize};

/// Options of Adam.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdamOptions {
    /// β₁: decay of the mean of gradients.
    pub beta1: f64,
    /// β₂: decay of the mean of their squares.
    pub beta2: f64,
    /// ε: added to the root of the mean square.
    pub epsilon: f64,
    /// λ: weights lose this share of themselves, times the learning rate, each step; biases don't.
    pub weight_decay: f64,
    /// Gradients are scaled down to this Euclidean norm over all parameters; none: they are left alone.
    pub clip: Option<f64>,
}

impl Default for AdamOptions {
    fn default() -> AdamOptions {
        AdamOptions { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0, clip: Some(1.0) }
    }
}

impl AdamOptions {
    /// Checks the bounds of the options.
    ///
    /// # Errors
    ///
    /// A β outside [0, 1), an ε, decay or clip that is not positive (a decay may be 0).
    pub fn check(&self) -> Result<(), Error> {
        let wrong = |name, problem: String| Err(Error::Option { name, problem });
        for (name, beta) in [("beta1", self.beta1), ("beta2", self.beta2)] {
            if !(0.0..1.0).contains(&beta) {
                return wrong(name, format!("must be at least 0 and below 1, not {beta}"));
            }
        }
        if !(self.epsilon > 0.0 && self.epsilon.is_finite()) {
            return wrong("epsilon", format!("must be above 0, not {}", self.epsilon));
        }
        if !(self.weight_decay >= 0.0 && self.weight_decay.is_finite()) {
            return wrong("weight decay", format!("must be at least 0, not {}", self.weight_decay));
        }
        match self.clip {
            Some(clip) if !(clip > 0.0 && clip.is_finite()) => {
                wrong("clip", format!("must be above 0, not {clip}"))
            }
            _ => Ok(()),
        }
    }
}

/// The moments of all parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Adam<R> {
    /// The options.
    pub options: AdamOptions,
    /// How many updates there were.
    pub updates: u64,
    /// For each parameter the running mean of its gradients.
    pub mean: Vec<Vec<R>>,
    /// For each parameter the running mean of their squares.
    pub square: Vec<Vec<R>>,
}

impl<R: Real> Adam<R> {
    /// Moments of zero.
    pub fn new(options: AdamOptions, parameters: &Parameters<R>) -> Adam<R> {
        let zeros: Vec<Vec<R>> = parameters.iter().map(|p| vec![R::ZERO; p.values.len()]).collect();
        Adam { options, updates: 0, mean: zeros.clone(), square: zeros }
    }

    /// One update. `norm` is the gradients' norm, as [`Parameters::gradient_norm`] gives it.
    pub fn update(&mut self, parameters: &mut Parameters<R>, learning_rate: f64, norm: f64) {
        self.updates += 1;
        let AdamOptions { beta1, beta2, epsilon, weight_decay, clip } = self.options;
        let scale = clip.filter(|&clip| norm > clip).map_or(1.0, |clip| clip / norm);
        let t = self.updates as f64;
        let rate = learning_rate / (1.0 - beta1.powf(t));
        let (scale, rate, root) = (R::of(scale), R::of(rate), R::of((1.0 - beta2.powf(t)).sqrt()));
        let (one_less1, one_less2) = (R::of(1.0 - beta1), R::of(1.0 - beta2));
        let (beta1, beta2, epsilon) = (R::of(beta1), R::of(beta2), R::of(epsilon));
        let moments = self.mean.iter_mut().zip(&mut self.square);
        for (parameter, (mean, square)) in parameters.iter_mut().zip(moments) {
            let decay = R::of(if parameter.decays { 1.0 - learning_rate * weight_decay } else { 1.0 });
            let values = parameter.values.iter_mut().zip(&parameter.gradient);
            vectorised(
                #[inline(always)]
                || {
                    for ((value, &gradient), (mean, square)) in values.zip(mean.iter_mut().zip(square)) {
                        let gradient = gradient * scale;
                        *mean = beta1 * *mean + one_less1 * gradient;
                        *square = beta2 * *square + one_less2 * gradient * gradient;
                        // m̂ / (√v̂ + ε) with the corrections taken out of the loop.
                        *value = *value * decay - rate * *mean / (square.sqrt() / root + epsilon);
                    }
                },
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Adam, AdamOptions};
    use crate::parameter::Parameters;

    #[test]
    fn the_first_updates_are_those_of_the_formulas() {
        let mut parameters = Parameters::<f64>::default();
        let id = parameters.add("x".to_owned(), vec![2], vec![1.0, -2.0], true);
        let options = AdamOptions { weight_decay: 0.1, clip: Some(1.0), ..AdamOptions::default() };
        let mut adam = Adam::new(options, &parameters);
        let (mut x, mut m, mut v) = ([1.0, -2.0], [0.0; 2], [0.0; 2]);
        for t in 1..=3 {
            parameters[id].gradient = vec![3.0, 4.0 * f64::from(t)];
            let norm = parameters.gradient_norm().unwrap();
            adam.update(&mut parameters, 0.01, norm);
            for k in 0..2 {
                let g = [3.0, 4.0 * f64::from(t)][k] / norm;
                m[k] = 0.9 * m[k] + 0.1 * g;
                v[k] = 0.999 * v[k] + 0.001 * g * g;
                let (m_hat, v_hat): (f64, f64) =
                    (m[k] / (1.0 - 0.9_f64.powi(t)), v[k] / (1.0 - 0.999_f64.powi(t)));
                x[k] -= 0.01 * 0.1 * x[k] + 0.01 * m_hat / (v_hat.sqrt() + 1e-8);
                assert!((parameters[id].values[k] - x[k]).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn options_out_of_bounds_are_refused() {
        let default = AdamOptions::default();
        assert!(default.check().is_ok());
        assert!(AdamOptions { beta1: 1.0, ..default }.check().is_err());
        assert!(AdamOptions { epsilon: 0.0, ..default }.check().is_err());
        assert!(AdamOptions { clip: Some(f64::NAN), ..default }.check().is_err());
        assert!(AdamOptions { weight_decay: -1.0, ..default }.check().is_err());
    }
}
