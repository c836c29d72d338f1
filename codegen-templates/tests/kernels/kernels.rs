//! The files of the kernels as emitted code holds them: in one module, beside the family that they are compiled for.

#![allow(dead_code, unsafe_code, clippy::too_many_arguments)]

use crate::FAMILY;

include!("../../rust/kernels/base.rs");
include!("../../rust/kernels/math.rs");
include!("../../rust/kernels/tile.rs");
include!("../../rust/kernels/dense_panels.rs");
include!("../../rust/kernels/dense_dots.rs");
include!("../../rust/kernels/panels.rs");
include!("../../rust/kernels/dense_tall.rs");
include!("../../rust/kernels/dense_blocks.rs");
include!("../../rust/kernels/few.rs");
include!("../../rust/kernels/dense_batch.rs");
include!("../../rust/kernels/kron_outer.rs");
include!("../../rust/kernels/monarch_mix.rs");
include!("../../rust/kernels/monarch_row.rs");
include!("../../rust/kernels/circulant.rs");
include!("../../rust/kernels/sell.rs");
include!("../../rust/kernels/csr.rs");
include!("../../rust/kernels/sixteen.rs");
include!("../../rust/kernels/lookup_bands.rs");
include!("../../rust/kernels/lookup.rs");
include!("../../rust/kernels/lookup_eight.rs");
include!("../../rust/kernels/lookup_packed.rs");
include!("../../rust/kernels/lookup_paired.rs");
include!("../../rust/kernels/lookup_folded.rs");
include!("../../rust/kernels/pick.rs");
include!("../../rust/kernels/grouped.rs");
include!("../../rust/kernels/csr_row.rs");
include!("../../rust/kernels/outer.rs");
include!("../../rust/kernels/add.rs");
include!("../../rust/kernels/fill.rs");
include!("../../rust/kernels/units.rs");
include!("../../rust/kernels/gates.rs");
include!("../../rust/kernels/lstm_cell.rs");
include!("../../rust/kernels/gru_cell.rs");
include!("../../rust/kernels/activations.rs");
include!("../../rust/kernels/layer_norm.rs");
include!("../../rust/kernels/wide.rs");
include!("../../rust/kernels/csr_wide.rs");
include!("../../rust/kernels/sell_wide.rs");
include!("../../rust/kernels/dense_wide.rs");
include!("../../rust/kernels/circulant_wide.rs");
include!("../../rust/kernels/monarch_mix_wide.rs");
include!("../../rust/kernels/fill_wide.rs");
include!("../../rust/kernels/transpose.rs");

/// What the cells' fractions stand for: rounded once more than there. NaN stays, which the cells see to themselves where
/// fractions are of one float.
pub(super) fn sigmoid_value(x: f32) -> f32 {
    fraction_value(x, false)
}

/// The same for tanh.
pub(super) fn tanh_value(x: f32) -> f32 {
    fraction_value(x, true)
}

fn fraction_value(x: f32, tanh: bool) -> f32 {
    #[cfg(target_arch = "x86_64")]
    if FAMILY != 0 {
        use core::arch::x86_64::{__m256, __m512};
        // SAFETY: the tests of a family run where the processor has its instructions.
        return unsafe { if FAMILY == 2 { value::<__m512>(x, tanh) } else { value::<__m256>(x, tanh) } };
    }
    let Fraction { over, under } = if tanh { tanh_fraction(x) } else { sigmoid_fraction(x) };
    if x.is_nan() { x } else { over / under }
}

/// The first unit's fraction, of tanh or of the logistic function.
///
/// # Safety
///
/// The processor has the instructions of such vectors.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn value<V: units::Units>(x: f32, tanh: bool) -> f32 {
    // SAFETY: the caller's promise.
    unsafe {
        let x = V::load(&[x], 1);
        let [fractions] = fractions_abreast([x], usize::from(!tanh));
        let mut first = [0.0; 1];
        fractions.over.div(fractions.under).store(&mut first, 1);
        first[0]
    }
}
