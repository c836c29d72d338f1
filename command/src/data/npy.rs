//! One array of numpy's own format, version 1 to 3 (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>).
//!
//! Takes bytes, which may be anything; gives the shape and the elements in row-major order, or what is wrong.

/// An array.
#[derive(Debug, PartialEq)]
pub(super) struct Array {
    /// Extents; their product is the number of elements.
    pub(super) shape: Vec<usize>,
    /// The elements, row-major.
    pub(super) data: Data,
}

/// Elements by kind.
#[derive(Debug, PartialEq)]
pub(super) enum Data {
    /// Of 32-bit floats, or of 64-bit floats rounded to nearest; all finite.
    Floats(Vec<f32>),
    /// Of booleans and all integer types.
    Integers(Vec<i64>),
}

/// What is wrong with an array: what was expected, what was found.
#[derive(Debug, PartialEq)]
pub(super) struct Wrong(pub(super) String, pub(super) String);

/// Reads an array.
pub(super) fn read(bytes: &[u8]) -> Result<Array, Wrong> {
    let (header, body) = split(bytes).ok_or_else(|| wrong("an array of numpy's format", "other bytes"))?;
    let descr = field(header, "descr").and_then(|text| quoted(text)).ok_or_else(|| {
        wrong("elements of one number each", "a header that names another type, such as records")
    })?;
    let fortran = field(header, "fortran_order").is_some_and(|text| text.starts_with("True"));
    let shape =
        field(header, "shape").and_then(extents).ok_or_else(|| wrong("a shape", "a header without one"))?;
    let (order, kind) = descr.split_at_checked(1).ok_or_else(|| other_type(descr))?;
    let width = kind.get(1..).and_then(|digits| digits.parse::<usize>().ok());
    let width = width.filter(|width| [1, 2, 4, 8].contains(width)).ok_or_else(|| other_type(descr))?;
    if !matches!((&kind[..1], width), ("f", 4 | 8) | ("i" | "u", _) | ("b", 1)) {
        return Err(other_type(descr));
    }
    let count = shape.iter().try_fold(1_usize, |product, &extent| product.checked_mul(extent));
    let size = count.and_then(|count| count.checked_mul(width));
    if size != Some(body.len()) {
        let expected =
            size.map_or("fewer bytes than memory can hold".to_owned(), |size| format!("{size} bytes"));
        return Err(Wrong(format!("{expected} for shape {shape:?}"), format!("{} bytes", body.len())));
    }
    // Each element as the low bytes of a word.
    let words = body.chunks_exact(width).map(|element| {
        let mut word = [0_u8; 8];
        word[..width].copy_from_slice(element);
        if order == ">" {
            word[..width].reverse();
        }
        u64::from_le_bytes(word)
    });
    let data = match (&kind[..1], width) {
        ("f", 4) => floats(words.map(|word| f64::from(f32::from_bits(word as u32))))?,
        ("f", 8) => floats(words.map(f64::from_bits))?,
        ("i", _) => {
            let shift = 64 - 8 * width as u32;
            Data::Integers(words.map(|word| (word << shift) as i64 >> shift).collect())
        }
        ("u", _) => {
            let numbers: Result<Vec<i64>, _> = words.map(i64::try_from).collect();
            Data::Integers(numbers.map_err(|_| wrong("integers below 2⁶³", "a larger one"))?)
        }
        _ => Data::Integers(words.map(|word| i64::from(word != 0)).collect()),
    };
    let data = match data {
        data if !fortran => data,
        Data::Floats(values) => Data::Floats(row_major(&values, &shape)),
        Data::Integers(values) => Data::Integers(row_major(&values, &shape)),
    };
    Ok(Array { shape, data })
}

fn wrong(expected: &str, found: &str) -> Wrong {
    Wrong(expected.to_owned(), found.to_owned())
}

fn other_type(descr: &str) -> Wrong {
    wrong("elements of float32, float64, bool or an integer type", &format!("numpy's type `{descr}`"))
}

/// The header's text and the elements' bytes.
fn split(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let rest = bytes.strip_prefix(b"\x93NUMPY")?;
    let (version, rest) = rest.split_at_checked(2)?;
    let (len, rest) = rest.split_at_checked(if version[0] == 1 { 2 } else { 4 })?;
    let len = len.iter().rev().fold(0_usize, |len, &byte| len << 8 | usize::from(byte));
    let (header, body) = rest.split_at_checked(len)?;
    Some((std::str::from_utf8(header).ok()?, body))
}

/// What stands after a key of the header, a literal of Python's.
fn field<'h>(header: &'h str, key: &str) -> Option<&'h str> {
    let after = header.split_once(&format!("'{key}':"))?.1;
    Some(after.trim_start())
}

fn quoted(text: &str) -> Option<&str> {
    Some(text.strip_prefix('\'')?.split_once('\'')?.0)
}

/// A tuple of extents.
fn extents(text: &str) -> Option<Vec<usize>> {
    let inside = text.strip_prefix('(')?.split_once(')')?.0;
    inside.split(',').map(str::trim).filter(|part| !part.is_empty()).map(|part| part.parse().ok()).collect()
}

fn floats(values: impl Iterator<Item = f64>) -> Result<Data, Wrong> {
    let finite = |(i, value): (usize, f64)| {
        let narrow = value as f32;
        narrow.is_finite().then_some(narrow).ok_or_else(|| {
            Wrong(
                "finite numbers within the range of 32-bit floats".to_owned(),
                format!("{value} as element {i}"),
            )
        })
    };
    values.enumerate().map(finite).collect::<Result<Vec<f32>, Wrong>>().map(Data::Floats)
}

/// Elements whose first index runs fastest, reordered so that the last does.
fn row_major<T: Copy>(values: &[T], shape: &[usize]) -> Vec<T> {
    let place = |mut at: usize| {
        let mut place = 0;
        for (axis, &extent) in shape.iter().enumerate().rev() {
            place += at % extent * shape[..axis].iter().product::<usize>();
            at /= extent;
        }
        place
    };
    (0..values.len()).map(|at| values[place(at)]).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An array as numpy writes it.
    pub(in super::super) fn written(descr: &str, fortran: bool, shape: &str, body: &[u8]) -> Vec<u8> {
        let order = if fortran { "True" } else { "False" };
        let mut header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
        header += &" ".repeat(64 - (11 + header.len()) % 64);
        header += "\n";
        let len = (header.len() as u16).to_le_bytes();
        [b"\x93NUMPY\x01\x00", &len[..], header.as_bytes(), body].concat()
    }

    fn bytes<const N: usize, T: Copy>(values: &[T], convert: impl Fn(T) -> [u8; N]) -> Vec<u8> {
        values.iter().flat_map(|&value| convert(value)).collect()
    }

    #[test]
    fn every_type_is_read() {
        let ints = [-1_i64, 5];
        for (descr, body) in [
            ("|i1", bytes(&ints, |v| (v as i8).to_le_bytes())),
            ("<i2", bytes(&ints, |v| (v as i16).to_le_bytes())),
            (">i4", bytes(&ints, |v| (v as i32).to_be_bytes())),
            ("<i8", bytes(&ints, i64::to_le_bytes)),
        ] {
            let array = read(&written(descr, false, "(2,)", &body)).unwrap();
            assert_eq!(array, Array { shape: vec![2], data: Data::Integers(ints.to_vec()) }, "{descr}");
        }
        for (descr, body) in
            [("|u1", vec![200, 1]), (">u2", vec![0, 200, 0, 1]), ("<u8", bytes(&[200, 1], u64::to_le_bytes))]
        {
            let array = read(&written(descr, false, "(2, 1)", &body)).unwrap();
            assert_eq!(array, Array { shape: vec![2, 1], data: Data::Integers(vec![200, 1]) }, "{descr}");
        }
        let array = read(&written("|b1", false, "(2,)", &[1, 0])).unwrap();
        assert_eq!(array.data, Data::Integers(vec![1, 0]));
        let floats = [0.1_f64, -2.5];
        for (descr, body) in [
            ("<f4", bytes(&floats, |v| (v as f32).to_le_bytes())),
            (">f4", bytes(&floats, |v| (v as f32).to_be_bytes())),
            ("<f8", bytes(&floats, f64::to_le_bytes)),
        ] {
            let array = read(&written(descr, false, "(2,)", &body)).unwrap();
            assert_eq!(array.data, Data::Floats(vec![0.1, -2.5]), "{descr}");
        }
    }

    #[test]
    fn columns_first_becomes_rows_first() {
        // numpy.asfortranarray([[[0, 1], [2, 3], [4, 5]]]) and a second such block from 6.
        let body = [0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11];
        let array = read(&written("|u1", true, "(2, 3, 2)", &body)).unwrap();
        assert_eq!(array.data, Data::Integers((0..12).collect()));
    }

    #[test]
    fn whatever_the_bytes_are_nothing_panics() {
        let sound = written("<f4", false, "(1,)", &1_f32.to_le_bytes());
        for len in 0..sound.len() {
            assert!(read(&sound[..len]).is_err(), "{len}");
        }
        for (i, flip) in (0..sound.len()).flat_map(|i| [(i, 1), (i, 0x80), (i, 0xff)]) {
            let mut broken = sound.clone();
            broken[i] ^= flip;
            let _ = read(&broken);
        }
        for (bytes, expected) in [
            (written("<c8", false, "(1,)", &[0; 8]), "float32"),
            (written("<f2", false, "(1,)", &[0; 2]), "float32"),
            (written("<U1", false, "(1,)", &[0; 4]), "float32"),
            (written("O", false, "(1,)", &[0; 8]), "float32"),
            (written("", false, "(1,)", &[0; 8]), "float32"),
            (written("<f4", false, "(99999999999, 99999999999)", &[]), "fewer bytes"),
            (written("<f4", false, "(2, 0)", &[0; 4]), "0 bytes for shape [2, 0]"),
            (written("<f4", false, "3", &[0; 12]), "a shape"),
            (written("<f8", false, "(1,)", &1e300_f64.to_le_bytes()), "finite numbers"),
            (written("<f4", false, "(1,)", &f32::NAN.to_le_bytes()), "finite numbers"),
            (written("<u8", false, "(1,)", &[255; 8]), "below 2⁶³"),
        ] {
            let Wrong(found, _) = read(&bytes).unwrap_err();
            assert!(found.contains(expected), "{found} is not {expected}");
        }
    }
}
