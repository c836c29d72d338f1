//! Which slots parts are given, and that numbers of rows and of windows have room.

use super::*;

fn csr(rows: u32, cols: u32, percent: u64) -> Csr {
    let mut seed = 1_u64;
    let mut below = move |n: u64| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) % n
    };
    let mut csr = Csr { row_ptr: vec![0], col_idx: Vec::new(), values: Vec::new() };
    for _ in 0..rows {
        csr.col_idx.extend((0..cols).filter(|_| below(100) < percent));
        csr.row_ptr.push(csr.col_idx.len() as u32);
    }
    csr.values = (1..=csr.col_idx.len()).map(|k| k as f32).collect();
    csr
}

/// The slots of matrices of 1300 columns in one model.
fn forms(matrices: &[&Csr]) -> Vec<Slots> {
    let part = |&csr| Part { path: String::new(), csr, cols: 1300, added: false };
    let parts: Vec<_> = matrices.iter().map(part).collect();
    choose(&parts).into_iter().map(|choice| choice.unwrap().form).collect()
}

/// A matrix whose values have other exponents.
fn with_values(mut csr: Csr, value: impl Fn(usize) -> f32) -> Csr {
    csr.values = (0..csr.nnz()).map(value).collect();
    csr
}

#[test]
fn slots_are_the_cheaper_ones_and_packed_where_they_would_not_fit() {
    let wide = |rows, percent| with_values(csr(rows, 1300, percent), |k| ((k % 9 * 8) as f32).exp2());
    let (large, half) = (wide(2600, 4), wide(1000, 4));
    let (small, full) = (wide(20, 4), wide(100, 60));
    assert_eq!(forms(&[&half, &full]), [Slots::Paired, Slots::Padded]);
    assert_eq!(forms(&[&half, &large]), [Slots::Paired; 2]);
    assert_eq!(forms(&[&large, &large, &small]), [Slots::Paired; 3]);
    assert_eq!(
        forms(&[&large, &half, &large, &small]),
        [Slots::Packed, Slots::Padded, Slots::Packed, Slots::Padded]
    );
}

#[test]
fn rows_share_lanes_where_tables_are_not_near_and_values_are_alike() {
    let alike = |rows| with_values(csr(rows, 1300, 4), |k| 1.0 + (k % 7) as f32);
    let wide = |rows| with_values(csr(rows, 1300, 4), |k| ((k % 9 * 8) as f32).exp2());
    assert_eq!(forms(&[&alike(1000), &alike(1000)]), [Slots::Paired; 2]);
    assert_eq!(forms(&[&alike(300), &alike(2600)]), [Slots::Paired, Slots::Folded]);
    assert_eq!(forms(&[&alike(1000), &alike(2600)]), [Slots::Folded; 2]);
    assert_eq!(forms(&[&alike(2600), &wide(2600)]), [Slots::Folded, Slots::Paired]);
}

#[test]
fn rows_whose_numbers_need_more_than_16_bits_keep_their_order() {
    // Every other row is empty, so that fewer are listed than numbered.
    let spaced = |rows| {
        let mut csr = csr(rows, 64, 12);
        csr.row_ptr = csr.row_ptr.iter().flat_map(|&end| [end; 2]).skip(1).collect();
        csr
    };
    for form in [Slots::Padded, Slots::Packed, Slots::Folded] {
        let sorted = |rows| chosen(&spaced(rows), 64, true, form).unwrap().sorted;
        assert!(form == Slots::Folded || sorted(1000) && sorted(32_767), "{form:?}");
        assert!(!sorted(33_000), "{form:?}");
    }
}

#[test]
fn windows_are_counted_in_16_bits() {
    let full = csr(4, 65_000, 100);
    for form in [Slots::Packed, Slots::Paired, Slots::Folded] {
        let choice = chosen(&full, 65_000, false, form).unwrap();
        assert!(u16::try_from(choice.bands[0].len()).is_ok(), "{form:?}");
    }
}

#[test]
fn slots_of_eight_rows_are_for_parts_that_fit_together() {
    let (tiny, small, half, large) =
        (csr(20, 1300, 1), csr(300, 130, 4), csr(1000, 1300, 4), csr(2600, 1300, 4));
    let taken = |matrices: &[&Csr]| -> Vec<bool> {
        let part = |&csr| Part { path: String::new(), csr, cols: 1300, added: false };
        let parts: Vec<_> = matrices.iter().map(part).collect();
        choose_eight(&parts).iter().map(Option::is_some).collect()
    };
    assert_eq!(taken(&[&tiny, &small, &half, &large]), [false, true, true, false]);
    assert_eq!(taken(&[&half; 3]), [true, true, false]);
}

#[test]
fn every_element_is_held_once_or_left_over() {
    for (rows, cols, percent) in [(1, 1, 100), (5, 31, 50), (130, 33, 100), (300, 200, 5), (40, 500, 0)] {
        let csr = csr(rows, cols, percent);
        let forms = [Slots::Padded, Slots::Paired, Slots::Folded, Slots::Eight];
        for (sorted, form) in forms.into_iter().flat_map(|form| [(false, form), (true, form)]) {
            let natural = (0..rows).collect();
            let order = if sorted { super::super::table::rows_by_length(&csr, true) } else { natural };
            let part = Elements::new(&csr, form);
            let choice = Choice::new(&part, csr.nnz(), cols as usize, form, order, sorted);
            let within = |&start: &usize| start == 0 || start + form.window() <= cols as usize;
            assert!(choice.bands.iter().flatten().all(within));
            let mut held = vec![false; csr.nnz()];
            let mut hold = |element: usize| assert!(!std::mem::replace(&mut held[element], true));
            let mut found = if let Some(least) = part.least {
                let mut values = Vec::new();
                let mut hold = |element: usize| {
                    values.push(part.csr.values[element]);
                    hold(part.number(element));
                };
                words::table(&part.csr, &choice.rows, &choice.bands, least, &mut hold);
                values
            } else if form == Slots::Paired {
                paired::Tables::new(&csr, &choice.rows, &choice.bands, cols as usize, &mut hold).values
            } else {
                let mut tables = padded::Tables::new(&csr, &choice.rows, &choice.bands, form, &mut hold);
                let without: f32 = tables.values.iter().sum();
                if form == Slots::Eight {
                    tables.values
                } else {
                    let mut packed = tables.packed();
                    assert_eq!(packed.split_off(packed.len() - padded::BEHIND), [0.0; padded::BEHIND]);
                    assert_eq!(packed.iter().sum::<f32>(), without);
                    packed
                }
            };
            found.retain(|&value| value != 0.0);
            assert_eq!(found.len(), csr.nnz() - choice.left_over);
            found.extend(&csr.kept(|element| !held[element]).values);
            found.sort_by(f32::total_cmp);
            assert_eq!(found, csr.values);
        }
    }
}
