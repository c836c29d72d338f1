// A matrix turned: between vectors one after another and a wide vector, whose lanes they are. Takes it row by row; gives it
// column by column. Sixteen columns are read of each row before the next ones, so that a line of the cache is used up while
// it is there; squares of four by four are turned in registers.

/// y[j * rows + i] = x[i * cols + j], for i < rows and j < cols.
#[inline(always)]
pub(super) fn transpose(y: &mut [f32], x: &[f32], rows: usize, cols: usize) {
    assert!(y.len() == rows * cols && x.len() == rows * cols);
    let (whole_rows, whole_cols) = (rows - rows % 4, cols - cols % 4);
    let mut first = 0;
    while first < cols {
        let end = if first + 16 < cols { first + 16 } else { cols };
        let whole = if end < whole_cols { end } else { whole_cols };
        let mut i = 0;
        while i < whole_rows {
            let mut j = first;
            while j < whole {
                transpose_square((y, j * rows + i, rows), (x, i * cols + j, cols));
                j += 4;
            }
            i += 4;
        }
        let mut i = 0;
        while i < rows {
            let mut j = if i < whole_rows { whole } else { first };
            while j < end {
                y[j * rows + i] = x[i * cols + j];
                j += 1;
            }
            i += 1;
        }
        first += 16;
    }
}

/// A square of four by four.
#[inline(always)]
fn transpose_square((y, to, y_stride): (&mut [f32], usize, usize), (x, from, x_stride): (&[f32], usize, usize)) {
    let mut square = [[0.0; 4]; 4];
    let mut i = 0;
    while i < 4 {
        square[i].copy_from_slice(&x[from + i * x_stride..][..4]);
        i += 1;
    }
    let mut j = 0;
    while j < 4 {
        let column = [square[0][j], square[1][j], square[2][j], square[3][j]];
        y[to + j * y_stride..][..4].copy_from_slice(&column);
        j += 1;
    }
}
