//! Views of row-major arrays as matrices, and the product of two.
//!
//! Takes slices with extents and strides, checked when a view is made; gives products by the crate
//! `gemm`, which picks the widest vectors that the processor has. Sums are formed in an order that
//! depends on the shapes alone, so that a run can be repeated bit for bit on the same machine.

use crate::real::Real;

/// A matrix read in place.
#[derive(Debug, Clone, Copy)]
pub struct View<'a, R> {
    data: &'a [R],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

/// A row-major matrix written in place.
#[derive(Debug)]
pub struct ViewMut<'a, R> {
    data: &'a mut [R],
    rows: usize,
    cols: usize,
    stride: usize,
}

/// Elements from the first to the last of a row-major matrix.
fn span(rows: usize, cols: usize, stride: usize) -> usize {
    if rows == 0 || cols == 0 { 0 } else { (rows - 1) * stride + cols }
}

impl<'a, R: Real> View<'a, R> {
    /// `rows` × `cols` values, row after row.
    pub fn new(data: &'a [R], rows: usize, cols: usize) -> View<'a, R> {
        View::strided(data, rows, cols, cols)
    }

    /// `rows` rows of `cols` values, of which each starts `stride` after the one before.
    ///
    /// # Panics
    ///
    /// When `data` is too short, or rows overlap.
    pub fn strided(data: &'a [R], rows: usize, cols: usize, stride: usize) -> View<'a, R> {
        assert!(cols <= stride && span(rows, cols, stride) <= data.len(), "the view leaves its array");
        View { data, rows, cols, row_stride: stride, col_stride: 1 }
    }

    /// The transpose, in place.
    pub fn t(self) -> View<'a, R> {
        View {
            data: self.data,
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
        }
    }

    /// Extents: rows, columns.
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.cols)
    }

    /// Row `i` of a view that is not transposed.
    #[inline]
    pub fn row(&self, i: usize) -> &'a [R] {
        debug_assert_eq!(self.col_stride, 1);
        &self.data[i * self.row_stride..][..self.cols]
    }

    /// The part of `rows` × `cols` that starts at (`row`, `col`), of a view that is not transposed.
    pub fn block(&self, row: usize, col: usize, rows: usize, cols: usize) -> View<'a, R> {
        assert!(row + rows <= self.rows && col + cols <= self.cols && self.col_stride == 1);
        View::strided(&self.data[row * self.row_stride + col..], rows, cols, self.row_stride)
    }
}

impl<'a, R: Real> ViewMut<'a, R> {
    /// `rows` × `cols` values, row after row.
    pub fn new(data: &'a mut [R], rows: usize, cols: usize) -> ViewMut<'a, R> {
        ViewMut::strided(data, rows, cols, cols)
    }

    /// `rows` rows of `cols` values, of which each starts `stride` after the one before.
    ///
    /// # Panics
    ///
    /// When `data` is too short, or rows overlap.
    pub fn strided(data: &'a mut [R], rows: usize, cols: usize, stride: usize) -> ViewMut<'a, R> {
        assert!(cols <= stride && span(rows, cols, stride) <= data.len(), "the view leaves its array");
        ViewMut { data, rows, cols, stride }
    }

    /// Extents: rows, columns.
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.cols)
    }

    /// Row `i`.
    #[inline]
    pub fn row(&mut self, i: usize) -> &mut [R] {
        &mut self.data[i * self.stride..][..self.cols]
    }

    /// The part of `rows` × `cols` that starts at (`row`, `col`).
    pub fn block(&mut self, row: usize, col: usize, rows: usize, cols: usize) -> ViewMut<'_, R> {
        assert!(row + rows <= self.rows && col + cols <= self.cols, "the block leaves its matrix");
        ViewMut::strided(&mut self.data[row * self.stride + col..], rows, cols, self.stride)
    }
}

/// What becomes of what the output holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Into {
    /// It is replaced by the product.
    Replace,
    /// The product is added to it.
    Add,
}

/// out = a · b, or out += a · b.
///
/// # Panics
///
/// When the extents don't fit together.
pub fn multiply<R: Real>(out: &mut ViewMut<'_, R>, a: View<'_, R>, b: View<'_, R>, into: Into) {
    let (m, k, n) = (a.rows, a.cols, b.cols);
    assert!(b.rows == k && out.rows == m && out.cols == n, "extents of a product don't fit together");
    if m == 0 || n == 0 {
        return;
    }
    let stride = |stride: usize| isize::try_from(stride).expect("arrays are shorter than isize::MAX");
    // SAFETY: a view's constructor checked that every element it names lies inside its slice, rows of
    // `out` don't overlap, and `out`, borrowed mutably, shares nothing with `a` or `b`. `gemm` knows the
    // element type by its `TypeId` and reads and writes those elements only.
    #[allow(unsafe_code)]
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.data.as_mut_ptr(),
            1,
            stride(out.stride),
            into == Into::Add,
            a.data.as_ptr(),
            stride(a.col_stride),
            stride(a.row_stride),
            b.data.as_ptr(),
            stride(b.col_stride),
            stride(b.row_stride),
            R::ONE,
            R::ONE,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// The transpose of `rows` × `cols` values, written to `out`.
pub fn transpose<R: Real>(values: &[R], rows: usize, cols: usize, out: &mut [R]) {
    assert!(values.len() == rows * cols && out.len() == rows * cols);
    // Tiles, so that neither side walks through memory by long strides only.
    const TILE: usize = 16;
    for top in (0..rows).step_by(TILE) {
        for left in (0..cols).step_by(TILE) {
            for i in top..(top + TILE).min(rows) {
                for j in left..(left + TILE).min(cols) {
                    out[j * rows + i] = values[i * cols + j];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Into, View, ViewMut, multiply, transpose};

    #[test]
    fn products_of_strided_and_transposed_views() {
        let a: Vec<f64> = (0..12).map(f64::from).collect(); // 3 × 4, of which 3 × 2 are used
        let b: Vec<f64> = (0..10).map(|k| f64::from(k) - 3.0).collect(); // 5 × 2, transposed
        let mut out = vec![1.0; 3 * 7];
        let a = View::strided(&a[1..], 3, 2, 4);
        let b = View::new(&b, 5, 2).t();
        multiply(&mut ViewMut::strided(&mut out, 3, 5, 7), a, b, Into::Add);
        for i in 0..3 {
            for j in 0..5 {
                let expected: f64 = (0..2).map(|k| (1 + k + 4 * i) as f64 * ((j * 2 + k) as f64 - 3.0)).sum();
                assert_eq!(out[i * 7 + j], 1.0 + expected);
            }
            assert!(i == 2 || out[i * 7 + 5] == 1.0 && out[i * 7 + 6] == 1.0);
        }
    }

    #[test]
    #[should_panic(expected = "leaves its array")]
    fn a_view_past_its_array_is_refused() {
        View::new(&[0.0_f32; 5], 2, 3);
    }

    #[test]
    fn transposes() {
        let values: Vec<f32> = (0..37 * 21).map(|k| k as f32).collect();
        let mut out = vec![0.0; values.len()];
        transpose(&values, 37, 21, &mut out);
        assert!((0..37).all(|i| (0..21).all(|j| out[j * 37 + i] == values[i * 21 + j])));
    }
}
