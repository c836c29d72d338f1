//! Matrices in the layouts that kernels read: panels, slices of rows, look-ups.
//!
//! Takes row-major or compressed matrices; gives what lowering would store of them, written here once more and plainly.

use crate::support::{Random, product};

/// A row-major matrix in panels: tall ones, as many as there are rows for, then others.
pub(crate) fn panels(w: &[f32], rows: usize, cols: usize) -> Vec<f32> {
    let (tall, rest) = w.split_at((rows - rows % TALL) * cols);
    [panels_of(TALL, tall, cols), panels_of(PANEL, rest, cols)].concat()
}

/// A row-major matrix in panels of so many rows, the last of what is left.
pub(crate) fn panels_of(most: usize, w: &[f32], cols: usize) -> Vec<f32> {
    let column = |panel: &[f32], j| panel.iter().skip(j).step_by(cols).copied().collect::<Vec<_>>();
    w.chunks(most * cols).flat_map(|panel| (0..cols).flat_map(move |j| column(panel, j))).collect()
}

/// Rows of a panel, as the tables are laid out.
pub(crate) const PANEL: usize = 16;
/// Rows of a tall one.
const TALL: usize = 32;

/// Rows dealt to slices of eight, longest first: values, columns, where slices start, the row of each lane.
pub(crate) fn slices(
    row_ptr: &[u32],
    columns: &[u16],
    values: &[f32],
) -> (Vec<f32>, Vec<u16>, Vec<u32>, Vec<u16>) {
    let row = |i: u16| row_ptr[i as usize] as usize..row_ptr[i as usize + 1] as usize;
    let mut row_of: Vec<u16> = (0..row_ptr.len() as u16 - 1).collect();
    row_of.sort_by_key(|&i| std::cmp::Reverse(row(i).len()));
    let (mut slots, mut slot_columns, mut slice_ptr) = (Vec::new(), Vec::new(), vec![0_u32]);
    for slice in row_of.chunks(8) {
        let longest = row(slice[0]).len();
        for slot in 0..longest {
            for lane in 0..8 {
                let k = slice.get(lane).and_then(|&i| row(i).nth(slot));
                slots.push(k.map_or(0.0, |k| values[k]));
                slot_columns.push(k.map_or(0, |k| columns[k]));
            }
        }
        slice_ptr.push(slice_ptr[slice_ptr.len() - 1] + longest as u32);
    }
    (slots, slot_columns, slice_ptr, row_of)
}

/// Rows grouped by their number of elements.
#[derive(Default)]
pub(crate) struct Grouped {
    pub(crate) counts: Vec<u32>,
    pub(crate) values: Vec<f32>,
    pub(crate) columns: Vec<u16>,
    pub(crate) rows: Vec<u16>,
}

impl Grouped {
    /// Of rows with their elements.
    fn new(mut rows: Vec<(usize, Vec<(u16, f32)>)>) -> Grouped {
        let mut grouped = Grouped::default();
        rows.retain(|(_, elements)| !elements.is_empty());
        rows.sort_by_key(|(_, elements)| elements.len());
        for (row, elements) in rows {
            grouped.counts.resize(elements.len(), 0);
            grouped.counts[elements.len() - 1] += 1;
            grouped.columns.extend(elements.iter().map(|&(column, _)| column));
            grouped.values.extend(elements.iter().map(|&(_, value)| value));
            grouped.rows.push(row as u16);
        }
        grouped
    }
}

/// What look-ups take: rows of a group, groups of the highest band, columns of a window, bits of an index.
pub(crate) const SIXTEEN: [usize; 4] = [16, 8, 32, 5];
pub(crate) const EIGHT: [usize; 4] = [8, 4, 8, 3];

/// The tables of look-ups with `windows` windows in each band, and the elements that find no slot.
#[derive(Default)]
pub(crate) struct Lookup {
    pub(crate) counts: Vec<u16>,
    pub(crate) starts: Vec<u16>,
    pub(crate) padded: Vec<f32>,
    pub(crate) packed: Vec<f32>,
    pub(crate) masks: Vec<u16>,
    pub(crate) indices: Vec<u32>,
    pub(crate) left_over: Grouped,
}

impl Lookup {
    pub(crate) fn new(
        row_ptr: &[u32],
        columns: &[u16],
        values: &[f32],
        cols: usize,
        windows: usize,
        order: Option<&[u16]>,
        [group, most, window, bits]: [usize; 4],
    ) -> Lookup {
        let per_word = 32 / bits;
        let place = |i: usize| order.map_or(i, |order| order[i] as usize);
        let rows: Vec<usize> = (0..row_ptr.len() - 1).map(place).collect();
        let mut tables = Lookup::default();
        let mut left_over = Vec::new();
        let mut rest = &rows[..];
        while !rest.is_empty() {
            let groups = [8, 4, 2, 1]
                .into_iter()
                .find(|&groups| groups <= most.min(rest.len().div_ceil(group)))
                .unwrap();
            let (band, others) = rest.split_at(rest.len().min(group * groups));
            rest = others;
            let first = |k: usize| if cols > window { k * (cols - window) / windows } else { 0 };
            let (value, mask, word) = (tables.padded.len(), tables.masks.len(), tables.indices.len());
            tables.counts.push(windows as u16);
            tables.starts.extend((0..windows).map(|k| first(k) as u16));
            tables.padded.resize(value + windows * groups * group, 0.0);
            tables.masks.resize(mask + windows * groups, 0);
            tables.indices.resize(word + windows.div_ceil(per_word) * groups * group, 0);
            for (lane, &row) in band.iter().enumerate() {
                let mut k = 0;
                let mut found_none = Vec::new();
                for e in row_ptr[row] as usize..row_ptr[row + 1] as usize {
                    let column = columns[e] as usize;
                    while k < windows && first(k) + window <= column {
                        k += 1;
                    }
                    if k < windows && first(k) <= column {
                        tables.padded[value + k * groups * group + lane] = values[e];
                        tables.masks[mask + k * groups + lane / group] |= 1 << (lane % group);
                        let index = (column - first(k)) as u32;
                        tables.indices[word + k / per_word * groups * group + lane] |=
                            index << (bits * (k % per_word));
                        k += 1;
                    } else {
                        found_none.push((columns[e], values[e]));
                    }
                }
                left_over.push((row, found_none));
            }
        }
        let held = |&i: &usize| tables.masks[i / group] >> (i % group) & 1 == 1;
        tables.packed = (0..tables.padded.len()).filter(held).map(|i| tables.padded[i]).collect();
        tables.packed.extend([0.0; 16]);
        tables.left_over = Grouped::new(left_over);
        tables
    }
}

/// The tables of random pairs of slots, with `windows` windows in each band, and the terms of each row.
pub(crate) struct Paired {
    pub(crate) counts: Vec<u16>,
    pub(crate) starts: Vec<u16>,
    pub(crate) values: Vec<f32>,
    pub(crate) indices: Vec<u32>,
    pub(crate) sums: Vec<Vec<f64>>,
}

impl Paired {
    /// Slots that take no infinite input.
    pub(crate) fn new(
        random: &mut Random,
        rows: usize,
        x: &[f32],
        windows: usize,
        order: Option<&[u16]>,
    ) -> Paired {
        let (mut counts, mut starts, mut values, mut indices) = (vec![], vec![], vec![], vec![]);
        let mut sums = vec![Vec::new(); rows];
        let mut first = 0;
        while first < rows {
            let left = (rows - first).div_ceil(16);
            let groups = [8, 4, 2, 1].into_iter().find(|&groups| groups <= left).unwrap();
            let word = indices.len();
            indices.resize(word + windows.div_ceil(4) * groups * 16, 0x0210 | 0x0210 << 14_u32);
            counts.push(windows as u16);
            let start = |k: usize| if x.len() > 31 { k * (x.len() - 30) / windows } else { 0 };
            starts.extend((0..windows).map(|k| start(k) as u16));
            for (k, g) in (0..windows).step_by(2).flat_map(|k| (0..groups).map(move |g| (k, g))) {
                let mut shared = [None; 16];
                for (second, lane) in
                    [0, 1].into_iter().flat_map(|slot| (0..16).map(move |lane| (slot, lane)))
                {
                    let (row, index) = (first + g * 16 + lane, random.below(x.len().min(31)));
                    let input = x.get(start(k + second) + index).copied();
                    let place =
                        if second == 0 { Some(lane) } else { shared.iter().position(Option::is_none) };
                    let (Some(input), Some(place)) = (input.filter(|input| input.is_finite()), place) else {
                        continue;
                    };
                    if row >= rows || random.below(5) <= second {
                        continue;
                    }
                    let value = random.floats(1)[0];
                    shared[place] = Some(value);
                    let row = order.map_or(row, |order| order[row] as usize);
                    sums[row].push(product(value, input));
                    let index = index as u32 + u32::from(index >= 16);
                    let bits =
                        if second == 0 { index ^ 16 } else { (index ^ 16) << 5 | (place as u32) << 10 };
                    indices[word + (k / 4 * groups + g) * 16 + lane] ^= bits << (k % 4 / 2 * 14);
                }
                values.extend(shared.map(Option::unwrap_or_default));
            }
            first += groups * 16;
        }
        Paired { counts, starts, values, indices, sums }
    }
}

/// The tables of random words for two rows to a lane, with `windows` windows in each band, and the terms of each row.
pub(crate) struct Folded {
    pub(crate) counts: Vec<u16>,
    pub(crate) starts: Vec<u16>,
    pub(crate) words: Vec<u32>,
    pub(crate) sums: Vec<Vec<f64>>,
}

impl Folded {
    /// Words that take no infinite input, with values of the four exponents from `least` on.
    pub(crate) fn new(
        random: &mut Random,
        rows: usize,
        x: &[f32],
        windows: usize,
        least: usize,
        order: Option<&[u16]>,
    ) -> Folded {
        let (mut counts, mut starts, mut words) = (vec![], vec![], vec![]);
        let mut sums = vec![Vec::new(); rows];
        let mut first = 0;
        while first < rows {
            let left = (rows - first).div_ceil(32);
            let groups = [8, 4, 2, 1].into_iter().find(|&groups| groups <= left).unwrap();
            counts.push(windows as u16);
            let start = |k: usize| if x.len() > 31 { k * (x.len() - 30) / windows } else { 0 };
            starts.extend((0..windows).map(|k| start(k) as u16));
            for (k, lane) in (0..windows).flat_map(|k| (0..groups * 16).map(move |lane| (k, lane))) {
                let (second, index) = (random.below(2), random.below(x.len().min(31)));
                let row = first + lane / 16 * 32 + second * 16 + lane % 16;
                let input = x.get(start(k) + index).copied().filter(|input| input.is_finite());
                let (Some(input), true, true) = (input, row < rows, random.below(5) > 0) else {
                    words.push(16);
                    continue;
                };
                let bits =
                    (random.below(2) << 31 | (least + random.below(4)) << 23 | random.below(1 << 23)) as u32;
                let row = order.map_or(row, |order| order[row] as usize);
                sums[row].push(product(f32::from_bits(bits), input));
                let kept = (bits - ((least as u32 % 4) << 23)) & 0x01ff_ffff;
                let index = index as u32 + u32::from(index >= 16);
                words.push(bits & 1 << 31 | kept << 6 | (second as u32) << 5 | index);
            }
            first += groups * 32;
        }
        Folded { counts, starts, words, sums }
    }
}
