//! 16-bit floats as 32-bit ones, exactly.

/// IEEE 754 binary16.
pub(super) fn f16_to_f32(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let exponent = u32::from(bits >> 10 & 0x1f);
    let fraction = u32::from(bits & 0x3ff);
    match exponent {
        // Zero and subnormals: the fraction counts steps of 2⁻²⁴.
        0 => f32::from_bits(sign | (fraction as f32 * 2.0_f32.powi(-24)).to_bits()),
        0x1f => f32::from_bits(sign | 0x7f80_0000 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | fraction << 13),
    }
}

/// The upper half of a binary32.
pub(super) fn bf16_to_f32(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_values_as_the_half_crate_has_them() {
        for bits in 0..=u16::MAX {
            let (own, other) = (f16_to_f32(bits), half::f16::from_bits(bits).to_f32());
            assert!(own.to_bits() == other.to_bits() || own.is_nan() && other.is_nan(), "{bits:#06x}");
            let (own, other) = (bf16_to_f32(bits), half::bf16::from_bits(bits).to_f32());
            assert!(own.to_bits() == other.to_bits() || own.is_nan() && other.is_nan(), "{bits:#06x}");
        }
    }
}
