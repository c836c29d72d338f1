//! What look-ups and what they leave over cost, in nanoseconds: measured with each kernel alone, gcc 12, at 4% non-zeros, on an
//! AMD Zen 4, or on what is named: a Zen 5, and an Intel Xeon with AVX-512.

/// A slot: 16 values, one look-up, one multiply-add.
pub(super) const SLOT: f64 = 0.8;
/// A slot with packed values.
pub(super) const PACKED_SLOT: f64 = 1.0;
/// A slot of a pair with sixteen values: 0.33 to 0.45 on a Zen 5, where a padded one takes 0.55 to 0.7.
pub(super) const PAIRED_SLOT: f64 = 0.5;
/// A slot of words for two rows a lane: 0.55 on a Zen 5 out of the first two levels of cache, 0.65 to 0.7 out of the third.
pub(super) const FOLDED_SLOT: f64 = 0.68;
/// A byte of tables out of the third level of cache on a Zen 5, look-ups included.
pub(super) const FAR_BYTE: f64 = 0.011;
/// A slot of eight rows on AVX2: 0.22 to 0.25 on a Zen 5 out of the first two levels, 0.34 out of the third.
pub(super) const EIGHT_SLOT: f64 = 0.27;
/// A look-up of straight-line code out of the first-level cache, on that Xeon.
pub(super) const PICK: f64 = 0.35;
/// An element left over, where windows are placed; half of it where few are left over and become straight-line code.
pub(super) const LEFT_OVER: f64 = 0.55;
/// The same beside slots of eight rows: of smaller parts, where it becomes straight-line code, and of larger ones.
pub(super) const EIGHT_LEFT_OVER: [f64; 2] = [0.35, 0.2];
/// A non-zero of sliced ELLPACK: 0.18 on a Zen 5, 0.3 on that Xeon by its shuffles.
pub(super) const SLICED: f64 = 0.25;
/// A row that is not in its place: its sum goes there, in 0.3 on that processor and 0.6 on an Intel Xeon.
pub(super) const ROW: f64 = 0.6;
/// An element left over, rows grouped by their number of them: 0.36 on a Zen 5, 0.5 to 0.6 on that Xeon by its loads.
pub(super) const GROUPED: f64 = 0.45;
/// A row of sliced ELLPACK with few elements: its sum goes to its place.
pub(super) const SLICED_ROW: f64 = 0.6;
/// A non-zero of straight-line code: 0.15 to 0.33.
pub(super) const TERM: f64 = 0.3;
