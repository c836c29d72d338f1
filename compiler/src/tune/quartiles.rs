//! Quartiles of some numbers: the median and how far half of them spread around it.

/// Quartiles of some numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quartiles {
    /// A quarter lies below.
    pub first: f64,
    /// Half lies below.
    pub median: f64,
    /// A quarter lies above.
    pub third: f64,
}

impl Quartiles {
    /// Of at least one number; between neighbours they are interpolated.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Quartiles {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |part: f64| {
            let place = part * (values.len() - 1) as f64;
            let (low, high) = (values[place.floor() as usize], values[place.ceil() as usize]);
            low + (high - low) * place.fract()
        };
        Quartiles { first: at(0.25), median: at(0.5), third: at(0.75) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_those_of_the_textbook() {
        let quartiles = Quartiles::of([5.0, 1.0, 3.0, 2.0, 4.0]);
        assert_eq!(quartiles, Quartiles { first: 2.0, median: 3.0, third: 4.0 });
        assert_eq!(Quartiles::of([1.0, 2.0]).median, 1.5);
    }
}
