//! Shapes of factors within a number of values.

use crate::error::Error;

/// The extents of two Kronecker factors of a rows × cols matrix that hold at most `values`: of the highest
/// rank, as rank(A ⊗ B) = rank A · rank B; of these the largest that hold at most `wanted`, else the smallest. Of two
/// that are equally large it takes the larger first factor, of two smallest the smaller one. None where no two factors
/// fit.
///
/// A Kronecker product alone wants all values; what it leaves is room for a sparse part.
pub fn kronecker(rows: usize, cols: usize, values: usize, wanted: usize) -> Option<[[usize; 2]; 2]> {
    let mut best: Option<([i64; 5], [[usize; 2]; 2])> = None;
    for m in divisors(rows) {
        for n in divisors(cols) {
            let (inner_m, inner_n) = (rows / m, cols / n);
            let size = m * n + inner_m * inner_n;
            if size > values {
                continue;
            }
            let rank = m.min(n) * inner_m.min(inner_n);
            let sign = if size <= wanted { 1 } else { -1 };
            let order = [rank as i64, sign, sign * size as i64, sign * (m * n) as i64, m as i64];
            if best.is_none_or(|(other, _)| order > other) {
                best = Some((order, [[m, n], [inner_m, inner_n]]));
            }
        }
    }
    best.map(|(_, factors)| factors)
}

/// Dense rows and the rank of the part below them, within so many values: half of them for the rows, the rest for
/// the rank; fewer rows where a rank of 1 would not fit otherwise. None where not even one row and a rank of 1
/// fit, or where there is no row left below.
///
/// The highest rank of the whole would be rows over a part of rank 1; trained, that is far worse, since all
/// outputs below the rows are then one number.
pub fn hybrid(rows: usize, cols: usize, values: usize) -> Option<(usize, usize)> {
    // above · cols + rank · (rows − above + cols) ≤ values
    let rank = |above: usize| {
        let left = values.checked_sub(above * cols)?;
        let rank = (left / (rows - above + cols)).min(rows - above).min(cols);
        (rank > 0).then_some((above, rank))
    };
    let half = (values / 2 / cols).clamp(1, rows.max(2) - 1);
    (1..=half.min(rows.checked_sub(1)?)).rev().find_map(rank)
}

/// The hidden sizes of a smaller dense network: those of an LSTM network scaled down together until its
/// matrices hold at most a `factor`-th of the values; the first layer's input keeps its size.
///
/// # Errors
///
/// A factor that even one unit a layer is too much for.
pub fn smaller_hidden(input_size: usize, hidden: &[usize], factor: f64) -> Result<Vec<usize>, Error> {
    let values = |hidden: &[usize]| -> usize {
        let inputs = std::iter::once(input_size).chain(hidden.iter().copied());
        hidden.iter().zip(inputs).map(|(&h, input)| 4 * h * (input + h)).sum()
    };
    let budget = values(hidden) as f64 / factor;
    let widest = hidden.iter().copied().max().unwrap_or(0);
    for size in (1..=widest).rev() {
        let scaled: Vec<usize> = hidden.iter().map(|&h| (h * size / widest).max(1)).collect();
        if values(&scaled) as f64 <= budget {
            return Ok(scaled);
        }
    }
    Err(Error::Budget(format!("an LSTM network of {hidden:?} units cannot be {factor} times smaller")))
}

fn divisors(n: usize) -> impl Iterator<Item = usize> {
    (1..=n).filter(move |m| n.is_multiple_of(*m))
}

#[cfg(test)]
mod tests {
    use super::{hybrid, kronecker, smaller_hidden};

    #[test]
    fn kronecker_factors_are_chosen_by_rank_then_by_size() {
        assert_eq!(kronecker(2600, 1300, 300_000, 0), Some([[52, 26], [50, 50]]));
        // Too little for full rank.
        let [a, b] = kronecker(2600, 1300, 3_800, 0).unwrap();
        let rank = a[0].min(a[1]) * b[0].min(b[1]);
        assert!(rank < 1300 && a[0] * a[1] + b[0] * b[1] <= 3_800);
        let [a, b] = kronecker(1024, 384, 39_321, 39_321).unwrap();
        assert_eq!((a[0] * b[0], a[1] * b[1], a[0].min(a[1]) * b[0].min(b[1])), (1024, 384, 384));
        assert_eq!(kronecker(97, 89, 186, 0), Some([[1, 89], [97, 1]]));
        assert_eq!(kronecker(97, 89, 185, 0), None);
    }

    #[test]
    fn hybrids_share_their_budget_between_rows_and_rank() {
        let (above, rank) = hybrid(1000, 1000, 100_000).unwrap();
        assert_eq!((above, rank), (50, 25));
        assert!(above * 1000 + rank * (2000 - above) <= 100_000);
        assert_eq!(hybrid(2600, 1300, 169_000), Some((65, 22)));
        // Half would be six rows; a rank of 1 fits below two: 2 · 10 + 98 + 10.
        assert_eq!(hybrid(100, 10, 130), Some((2, 1)));
        assert_eq!(hybrid(10, 10, 29), Some((1, 1)));
        assert_eq!(hybrid(10, 10, 28), None);
        assert_eq!(hybrid(1, 10, 100), None);
    }

    #[test]
    fn smaller_networks_fit() {
        let values = |h: usize| 4 * h * (128 + h);
        let small = smaller_hidden(128, &[256], 10.0).unwrap()[0];
        assert!(values(small) * 10 <= values(256) && values(small + 1) * 10 > values(256));
        assert_eq!(smaller_hidden(650, &[650, 650], 1.0).unwrap(), [650, 650]);
        assert!(smaller_hidden(1000, &[2], 3.0).is_err());
    }
}
