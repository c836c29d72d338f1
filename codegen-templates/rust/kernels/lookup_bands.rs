// What look-ups in registers share, whatever a register holds: how high bands are, where inputs stand, and how the sums of a
// band reach y.

/// Lanes of the highest band.
#[allow(dead_code)]
const BAND: usize = 128;

/// The most rows of a band.
#[allow(dead_code)]
const MOST_ROWS: usize = 256;

/// Columns of the widest window.
#[allow(dead_code)]
const WINDOW: usize = 32;

/// Groups of the next band where so many rows are to come, `group` rows each: the highest band of `most` groups that they
/// fill, or half of it and so on, one perhaps in part.
#[inline(always)]
fn lookup_height(rows: usize, group: usize, most: usize) -> usize {
    match rows.div_ceil(group) {
        groups if groups >= most => most,
        4.. => 4,
        2.. => 2,
        _ => 1,
    }
}

/// How tables are cut into bands: rows of a group, groups of the highest band, windows that share the values of a slot, windows
/// to a word of indices.
#[derive(Clone, Copy)]
struct BandLayout {
    group: usize,
    most: usize,
    sharing: usize,
    per_word: usize,
}

/// A band: how many rows are there, its groups, and what is its own of the tables.
struct Band<'a> {
    rows: usize,
    groups: usize,
    starts: &'a [u16],
    values: &'a [f32],
    indices: &'a [u32],
}

/// Cuts the next band off the tables, where so many rows are to come: the numbers of windows, where they start, values, words
/// of indices.
#[inline(always)]
#[allow(clippy::type_complexity)]
fn next_band<'a>(
    (counts, starts, values, indices): &mut (&'a [u16], &'a [u16], &'a [f32], &'a [u32]),
    rows: usize,
    layout: BandLayout,
) -> Band<'a> {
    let windows = counts[0] as usize;
    let groups = lookup_height(rows, layout.group, layout.most);
    let slots = groups * layout.group;
    let (own_starts, own_values, own_indices);
    (own_starts, *starts) = starts.split_at(windows);
    (own_values, *values) = values.split_at(windows / layout.sharing * slots);
    (own_indices, *indices) = indices.split_at(windows.div_ceil(layout.per_word) * slots);
    *counts = &counts[1..];
    let rows = if rows < slots { rows } else { slots };
    Band { rows, groups, starts: own_starts, values: own_values, indices: own_indices }
}

/// x, or where it is shorter than a window a copy in `room`, with zeros behind.
#[inline(always)]
fn lookup_input<'a>(x: &'a [f32], room: &'a mut [f32; WINDOW]) -> &'a [f32] {
    if x.len() >= WINDOW {
        return x;
    }
    room[..x.len()].copy_from_slice(x);
    room
}

/// Sums of a band whose rows stand out of their order. They go to their places while the next band is computed: look-ups leave
/// idle what that takes, and wait for it if it comes between two bands.
#[allow(dead_code)]
struct Waiting<'a> {
    /// The rows whose sums are still to go.
    rows: &'a [u16],
    /// Where these stand in the lanes.
    first: usize,
    lanes: [f32; MOST_ROWS],
}

impl Waiting<'_> {
    /// Before the first band.
    #[allow(dead_code)]
    const NONE: Self = Waiting { rows: &[], first: 0, lanes: [0.0; MOST_ROWS] };

    /// Brings eight of the sums to their places, where as many wait.
    ///
    /// # Safety
    ///
    /// All rows are rows of y.
    #[inline(always)]
    #[allow(dead_code, unsafe_code)]
    unsafe fn place(&mut self, y: &mut [f32], init: Init<'_>) {
        let Some((now, rest)) = self.rows.split_at_checked(LANES) else { return };
        let mut i = 0;
        while i < LANES {
            let row = now[i] as usize;
            // SAFETY: the caller's promise; `init` has as many values as y, and the lanes have one for each row that waits.
            unsafe {
                let start = match init {
                    Init::Zero => 0.0,
                    Init::Accumulate => *y.get_unchecked(row),
                    Init::From(values) => *values.get_unchecked(row),
                };
                *y.get_unchecked_mut(row) = start + *self.lanes.get_unchecked(self.first + i);
            }
            i += 1;
        }
        self.rows = rest;
        self.first += LANES;
    }

    /// Brings all of them to their places.
    #[inline(always)]
    #[allow(dead_code)]
    fn place_all(&mut self, y: &mut [f32], init: Init<'_>) {
        scatter(y, init, self.rows, &self.lanes[self.first..self.first + self.rows.len()]);
        self.rows = &[];
    }
}

/// y = init + sums for `rows` lanes from `first`; `row_of` says which rows they are.
#[inline(always)]
fn lookup_finish(
    y: &mut [f32],
    init: Init<'_>,
    (first, rows, row_of): (usize, usize, Option<&[u16]>),
    sums: &[f32],
) {
    if let Some(row_of) = row_of {
        scatter(y, init, &row_of[first..first + rows], sums);
        return;
    }
    let mut i = 0;
    while i + LANES <= rows {
        let mut start = init.load::<LANES>(y, first + i);
        add_scaled(&mut start, &sums[i..i + LANES], 1.0);
        y[first + i..first + i + LANES].copy_from_slice(&start);
        i += LANES;
    }
    while i < rows {
        let [start] = init.load(y, first + i);
        y[first + i] = start + sums[i];
        i += 1;
    }
}
