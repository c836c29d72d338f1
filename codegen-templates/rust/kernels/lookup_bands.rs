// What look-ups in registers share, whatever a register holds: how high bands are, where inputs stand, and how the sums of a
// band reach y.

/// Rows of the highest band.
#[allow(dead_code)]
const BAND: usize = 128;

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
