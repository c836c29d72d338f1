//! Kronecker products: contraction by contraction, never the product itself.
//!
//! (F1 ⊗ ... ⊗ Fk) x views x as a tensor of extents n1 × ... × nk and contracts one dimension after another
//! with its factor. The contractions commute, so their order is free; it is chosen by cost.

use super::builder::Builder;
use super::dense::{panels, panels_note};
use super::path::{Path, shape};
use crate::model::Tensor;
use crate::numbers::thousands;
use crate::program::{Init, Kernel, Source, View};

/// The cheapest order of contractions, for factors of `[m, n]`, and its multiply-adds.
///
/// Contracting factor i of a tensor of S values costs S·m values and leaves S·m/n. For two neighbours in
/// an order, i before j costs less than j before i exactly when 1/n_i − 1/m_i < 1/n_j − 1/m_j, whatever S
/// is; so sorting by that key gives the least cost for any number of factors (the exchange argument of
/// job scheduling). Ties keep the factors' own order.
pub fn contraction_order(shapes: &[[usize; 2]]) -> (Vec<usize>, usize) {
    // 1/n − 1/m compared as (m − n) / (m·n) in integers, exactly.
    let key = |i: usize| {
        let [m, n] = shapes[i].map(|extent| extent as i128);
        (m - n, m * n)
    };
    let mut order: Vec<usize> = (0..shapes.len()).collect();
    order.sort_by(|&i, &j| {
        let ((a, b), (c, d)) = (key(i), key(j));
        (a * d).cmp(&(c * b))
    });
    let mut size: usize = shapes.iter().map(|&[_, n]| n).product();
    let mut cost = 0;
    for &i in &order {
        let [m, n] = shapes[i];
        cost += size * m;
        size = size / n * m;
    }
    (order, cost)
}

/// Adds y = init + (F1 ⊗ ... ⊗ Fk) x.
pub(super) fn multiply(
    builder: &mut Builder,
    path: &Path,
    factors: Vec<Tensor>,
    x: View,
    y: View,
    init: Init,
) {
    let shapes: Vec<[usize; 2]> = factors.iter().map(|factor| [factor.shape[0], factor.shape[1]]).collect();
    let (order, cost) = contraction_order(&shapes);
    let names: Vec<String> = shapes.iter().map(|&[m, n]| shape(m, n)).collect();
    let names = names.join(" ⊗ ");
    let mut extents: Vec<usize> = shapes.iter().map(|&[_, n]| n).collect();
    let mut factors: Vec<Option<Tensor>> = factors.into_iter().map(Some).collect();
    let mut current = x;
    let lanes = builder.lanes();

    for (step, &i) in order.iter().enumerate() {
        let [m, n] = shapes[i];
        let left: usize = extents[..i].iter().product();
        let right: usize = extents[i + 1..].iter().product();
        extents[i] = m;
        let last = step + 1 == order.len();
        let (target, start) = if last {
            (y, init)
        } else {
            let note = format!("{} after {} of {} contractions", path.dotted(), step + 1, order.len());
            (
                builder.temporary(&path.element("contraction", step), left * m * right * lanes, note),
                Init::Zero,
            )
        };
        let weight = factors[i].take().map(|factor| factor.data).unwrap_or_default();
        let field = path.element("factor", i);
        let multiply_adds = left * m * n * right;
        let title = format!(
            "{}: {names}, factor {} contracted {} of {}; {} multiply-adds of {} in the cheapest order",
            path.dotted(),
            i + 1,
            step + 1,
            order.len(),
            thousands(multiply_adds),
            thousands(cost),
        );
        let (kernel, values, note, dims, why) = if right == 1 {
            let (kernel, dims, why) = match builder.lanes {
                Some(lanes) => {
                    (Kernel::DENSE_WIDE, vec![left, 0, m, n, lanes], format!("along {lanes} lanes"))
                }
                None => {
                    let why = "along rows of the factor, since its dimension is the innermost".to_owned();
                    (Kernel::DENSE_BATCH, vec![left, m, n], why)
                }
            };
            (kernel, panels(&weight, m, n), panels_note(m, n), dims, why)
        } else {
            let note = format!("{}, row-major", shape(m, n));
            let why = format!("along the {} values inside its dimension", right * lanes);
            (Kernel::KRON_OUTER, weight, note, vec![left, m, n, right * lanes], why)
        };
        let tables = vec![builder.floats(&field, values, note)];
        let (why, multiply_adds) = (format!("{title}; {why}"), multiply_adds * lanes);
        builder.product(kernel, (target, start), tables, Source::View(current), dims, multiply_adds, why);
        current = target;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost_of(order: &[usize], shapes: &[[usize; 2]]) -> usize {
        let mut extents: Vec<usize> = shapes.iter().map(|&[_, n]| n).collect();
        let mut cost = 0;
        for &i in order {
            cost += extents.iter().product::<usize>() * shapes[i][0];
            extents[i] = shapes[i][0];
        }
        cost
    }

    fn permutations(k: usize) -> Vec<Vec<usize>> {
        if k == 0 {
            return vec![vec![]];
        }
        let mut all = Vec::new();
        for shorter in permutations(k - 1) {
            for at in 0..k {
                let mut order = shorter.clone();
                order.insert(at, k - 1);
                all.push(order);
            }
        }
        all
    }

    #[test]
    fn no_order_is_cheaper() {
        let mut seed = 1_u64;
        let mut extent = move || {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            1 + (seed >> 33) as usize % 9
        };
        for _ in 0..300 {
            let shapes: Vec<[usize; 2]> = (0..2 + extent() % 4).map(|_| [extent(), extent()]).collect();
            let (order, cost) = contraction_order(&shapes);
            assert_eq!(cost, cost_of(&order, &shapes));
            let least = permutations(shapes.len()).iter().map(|order| cost_of(order, &shapes)).min();
            assert_eq!(Some(cost), least, "{shapes:?}");
        }
    }
}
