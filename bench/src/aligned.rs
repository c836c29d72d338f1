//! Vectors of steps where peers read and write them: at addresses that are multiples of 64 bytes.
//!
//! Takes vectors of equal length, one for each step; keeps each at such an address, or all in a row behind one, as a call
//! for many steps wants them. dopec's headers say that state and scratch are fastest there, and peers' own stand there:
//! what comes from outside must not be slower to reach for one entrant than for another.

/// Bytes of a line of any cache that is met: the widest vectors lie in one.
pub(crate) const LINE: usize = 64;

/// How the vectors of steps stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Each at a multiple of [`LINE`].
    Apart,
    /// One right after another, the first at a multiple of [`LINE`].
    InARow,
}

/// A vector of each step. Not to be cloned: a copy may lie elsewhere.
#[derive(Debug)]
pub(crate) struct Steps<T> {
    memory: Vec<T>,
    /// Where the first vector begins.
    first: usize,
    count: usize,
    len: usize,
    /// From one to the next.
    stride: usize,
}

impl<T: Copy> Steps<T> {
    /// As many vectors of `len` elements, at least one, each `value`.
    pub(crate) fn new(count: usize, len: usize, layout: Layout, value: T) -> Steps<T> {
        let line = LINE / size_of::<T>();
        let stride = if layout == Layout::Apart { len.next_multiple_of(line) } else { len };
        let memory = vec![value; count * stride + line];
        let first = memory.as_ptr().align_offset(LINE);
        Steps { memory, first, count, len, stride }
    }

    /// Vectors that stand one right after another.
    pub(crate) fn of(values: &[T], len: usize, layout: Layout) -> Steps<T> {
        let mut steps = Steps::new(values.len() / len, len, layout, values[0]);
        steps.iter_mut().zip(values.chunks(len)).for_each(|(step, values)| step.copy_from_slice(values));
        steps
    }

    /// All elements become `value`.
    pub(crate) fn fill(&mut self, value: T) {
        self.memory.fill(value);
    }

    /// How many elements all vectors have together.
    pub(crate) fn elements(&self) -> usize {
        self.count * self.len
    }

    /// Step by step.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[T]> {
        self.memory[self.first..].chunks(self.stride).take(self.count).map(|step| &step[..self.len])
    }

    /// Step by step, to be written.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut [T]> {
        let chunks = self.memory[self.first..].chunks_mut(self.stride);
        chunks.take(self.count).map(|step| &mut step[..self.len])
    }

    /// The first vector, and behind it all others: in a row, if so laid out.
    pub(crate) fn as_ptr(&self) -> *const T {
        self.memory[self.first..].as_ptr()
    }

    /// The same, to be written.
    pub(crate) fn as_mut_ptr(&mut self) -> *mut T {
        self.memory[self.first..].as_mut_ptr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn off_a_line(step: &[f32]) -> usize {
        step.as_ptr() as usize % LINE
    }

    #[test]
    fn steps_apart_all_stand_at_lines() {
        for len in [1, 15, 16, 17, 650] {
            let values: Vec<f32> = (0..5 * len).map(|i| i as f32).collect();
            let steps = Steps::of(&values, len, Layout::Apart);
            assert!(steps.iter().all(|step| off_a_line(step) == 0), "{len}");
            assert_eq!(steps.iter().collect::<Vec<_>>().concat(), values);
            assert_eq!(steps.elements(), values.len());
        }
    }

    #[test]
    fn steps_in_a_row_begin_at_a_line() {
        let values: Vec<f32> = (0..21).map(|i| i as f32).collect();
        let mut steps = Steps::of(&values, 7, Layout::InARow);
        assert_eq!(steps.as_ptr() as usize % LINE, 0);
        let places: Vec<usize> = steps.iter().map(off_a_line).collect();
        assert_eq!(places, [0, 28, 56]);
        steps.fill(0.5);
        assert!(steps.iter_mut().all(|step| *step == [0.5; 7]));
    }
}
