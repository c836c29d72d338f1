//! What is worked out for each band of rows by itself, on as many threads as the machine has cores: windows are placed by
//! trial, which takes most of the time of compiling a large model.
//!
//! Takes the bands and what to do with one; gives the results in the order of the bands, whatever the threads did.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

/// Rows for which a thread is worth its start, a twentieth of a millisecond.
const ROWS: usize = 256;

/// `work` for each band.
pub(super) fn each_band<'a, R: Send>(
    bands: impl Iterator<Item = &'a [u32]>,
    work: impl Fn(&'a [u32]) -> R + Sync,
) -> Vec<R> {
    let bands: Vec<&[u32]> = bands.collect();
    let rows: usize = bands.iter().map(|rows| rows.len()).sum();
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = cores.min(rows / ROWS).clamp(1, bands.len().max(1));
    if threads == 1 {
        return bands.into_iter().map(work).collect();
    }
    // By turns, since the first bands of rows sorted by length have the most elements.
    let turns =
        |first: usize| bands[first..].iter().step_by(threads).map(|&rows| work(rows)).collect::<Vec<R>>();
    let done: Vec<Vec<R>> = thread::scope(|scope| {
        let turns = &turns;
        let started: Vec<_> = (1..threads).map(|first| scope.spawn(move || turns(first))).collect();
        let own = turns(0);
        let others =
            started.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        [own].into_iter().chain(others).collect()
    });
    let mut turns: Vec<_> = done.into_iter().map(Vec::into_iter).collect();
    (0..bands.len()).filter_map(|i| turns[i % threads].next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_in_the_order_of_the_bands() {
        let rows: Vec<u32> = (0..5000).collect();
        for height in [7, 256, 999, 5000] {
            let found = each_band(rows.chunks(height), |rows| (rows[0], rows.len()));
            let expected: Vec<_> = rows.chunks(height).map(|rows| (rows[0], rows.len())).collect();
            assert_eq!(found, expected);
        }
        assert!(each_band(std::iter::empty(), |rows| rows.len()).is_empty());
    }
}
