//! Monarch matrices: two block-diagonal products, with the transpositions folded into the weights' layout.
//!
//! o1, flattened, is viewed as (r, l): l runs fastest. y is (s, l): l runs fastest again. So with `second`
//! stored as (s, r, l) both stages read and write contiguous runs, and nothing is ever transposed.

use super::builder::Builder;
use super::dense::{panels, tallest};
use super::path::{Path, shape};
use crate::model::Tensor;
use crate::numbers::thousands;
use crate::program::{Init, Kernel, Source, View};

/// Adds y = init + M x.
pub(super) fn multiply(
    builder: &mut Builder,
    path: &Path,
    (first, second): (Tensor, Tensor),
    x: View,
    y: View,
    init: Init,
) {
    let [k, q, p] = extents(&first);
    let [l, s, r] = extents(&second);
    let lanes = builder.lanes();
    let weight: Vec<f32> = first.data.chunks(q * p).flat_map(|block| panels(block, q, p)).collect();
    let note = format!("{k} blocks of {} in panels of {} rows", shape(q, p), tallest(q));
    let table = builder.floats(&path.field("first"), weight, note);
    let middle = builder.temporary(
        &path.field("monarch"),
        k * q * lanes,
        format!("{} after its first stage", path.dotted()),
    );
    let why = format!("{}: monarch, {k} blocks of {}", path.dotted(), shape(q, p));
    let (kernel, dims) = match builder.lanes {
        Some(lanes) => (Kernel::DENSE_WIDE, vec![k, q * p, q, p, lanes]),
        None => (Kernel::DENSE_BLOCKS, vec![k, q, p]),
    };
    let start = (middle, Init::Zero);
    builder.product(kernel, start, vec![table], Source::View(x), dims, k * q * p * lanes, why);

    let mut mixed = Vec::with_capacity(second.data.len());
    for row in 0..s {
        for inner in 0..r {
            mixed.extend((0..l).map(|lane| second.data[(lane * s + row) * r + inner]));
        }
    }
    let table = builder.floats(&path.field("second"), mixed, format!("(s, r, l) of {s}×{r}×{l}"));
    let why = format!(
        "{}: monarch, {l} blocks of {} side by side, {} multiply-adds",
        path.dotted(),
        shape(s, r),
        thousands(l * s * r)
    );
    let (kernel, dims) = match builder.lanes {
        Some(lanes) => (Kernel::MONARCH_MIX_WIDE, vec![s, r, l, lanes]),
        None => (Kernel::MONARCH_MIX, vec![s, r, l]),
    };
    builder.product(kernel, (y, init), vec![table], Source::View(middle), dims, l * s * r * lanes, why);
}

/// The three extents of a stage's tensor.
pub(super) fn extents(tensor: &Tensor) -> [usize; 3] {
    [tensor.shape[0], tensor.shape[1], tensor.shape[2]]
}
