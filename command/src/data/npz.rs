//! npz files, as `numpy.savez` and `numpy.savez_compressed` write them: `inputs`, `targets` and, optionally, `lengths`.

use std::io::{Cursor, Read};

use dopec::{Fault, Faults};
use zip::ZipArchive;

use super::npy::{self, Array, Data, Wrong};
use super::{Sequences, Targets};

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Reads the bytes of a file.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Sequences, Faults> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| {
        let title = format!("the data file is not a sound npz file: {error}");
        Faults::plain(file, title, "write it with numpy.savez; if it was copied, copy it again")
    })?;
    let mut faults = Vec::new();
    let inputs = keep(inputs(&mut archive), &mut faults);
    let targets = keep(array(&mut archive, "targets").and_then(targets), &mut faults);
    let has_lengths = archive.index_for_name("lengths.npy").is_some();
    let lengths = has_lengths.then(|| keep(array(&mut archive, "lengths").and_then(integers), &mut faults));
    if let (Some((shape, _)), Some((count, _))) = (&inputs, &targets)
        && shape[0] != *count
    {
        let title = "not as many targets as inputs";
        faults.push(*fault("targets", title, format!("{} targets", shape[0]), count.to_string(), REWRITE));
    }
    if let (Some((shape, _)), Some(Some(lengths))) = (&inputs, &lengths) {
        faults.extend(wrong_length(lengths, shape[0], shape[1]).map(|fault| *fault));
    }
    match (inputs, targets) {
        (Some(([count, steps, features], mut inputs)), Some((_, targets))) if faults.is_empty() => {
            let lengths =
                lengths.flatten().map(|lengths| lengths.iter().map(|&length| length as usize).collect());
            clear(&mut inputs, &lengths, steps * features, features);
            Ok(Sequences { count, steps, features, inputs, lengths, targets })
        }
        _ => Err(Faults::new(file, "", faults)),
    }
}

const REWRITE: &str = "write the arrays again: numpy.savez(FILE, inputs=..., targets=...)";

fn fault(
    array: &str,
    title: &str,
    expected: impl Into<String>,
    found: impl Into<String>,
    help: &str,
) -> Box<Fault> {
    Box::new(Fault {
        title: title.to_owned(),
        field: Some(array.to_owned()),
        expected: Some(expected.into()),
        found: Some(found.into()),
        help: Some(help.to_owned()),
        ..Fault::default()
    })
}

fn keep<T>(result: Result<T, Box<Fault>>, faults: &mut Vec<Fault>) -> Option<T> {
    result.map_err(|fault| faults.push(*fault)).ok()
}

/// An array by name.
fn array(archive: &mut Archive<'_>, name: &str) -> Result<Named, Box<Fault>> {
    let Some(index) = archive.index_for_name(&format!("{name}.npy")) else {
        let names: Vec<String> = archive
            .file_names()
            .flatten()
            .map(|name| format!("`{}`", name.trim_end_matches(".npy")))
            .collect();
        let found = if names.is_empty() { "no arrays".to_owned() } else { names.join(", ") };
        let help = format!("add it: numpy.savez(FILE, {name}=...)");
        return Err(fault(name, "an array is missing", format!("`{name}`"), found, &help));
    };
    let mut bytes = Vec::new();
    let read = archive
        .by_index(index)
        .map_err(|error| error.to_string())
        .and_then(|mut entry| entry.read_to_end(&mut bytes).map(drop).map_err(|error| error.to_string()));
    read.map_err(|error| fault(name, "an array can't be read", "sound bytes", error, REWRITE))?;
    let array = npy::read(&bytes).map_err(|Wrong(expected, found)| {
        fault(name, "an array that can't be used", expected, found, REWRITE)
    })?;
    Ok(Named { name: name.to_owned(), array })
}

struct Named {
    name: String,
    array: Array,
}

/// Shape and values of `inputs`. Integers serve as floats.
fn inputs(archive: &mut Archive<'_>) -> Result<([usize; 3], Vec<f32>), Box<Fault>> {
    let Named { name, array } = array(archive, "inputs")?;
    let shape = match array.shape[..] {
        [count, steps] => [count, steps, 1],
        [count, steps, features] => [count, steps, features],
        _ => [0; 3],
    };
    if shape.contains(&0) {
        let expected = "[sequences, steps, features] or [sequences, steps], each at least 1";
        let found = format!("{:?}", array.shape);
        return Err(fault(
            &name,
            "an array of the wrong shape",
            expected,
            found,
            "reshape it before it is saved",
        ));
    }
    let values = match array.data {
        Data::Floats(values) => values,
        Data::Integers(values) => values.into_iter().map(|value| value as f32).collect(),
    };
    Ok((shape, values))
}

/// How many targets, and the targets: integers are classes, floats values.
fn targets(named: Named) -> Result<(usize, Targets), Box<Fault>> {
    let Named { name, array } = named;
    let help = "classes are [sequences] integers from 0, values are [sequences] or [sequences, size] floats";
    let refuse = |expected: &str, found: String| {
        Err(fault(&name, "targets that can't be used", expected, found, help))
    };
    match (array.data, &array.shape[..]) {
        (Data::Integers(values), &[count]) => {
            let classes: Result<Vec<u32>, i64> =
                values.iter().map(|&value| super::csv::class(value).ok_or(value)).collect();
            match classes {
                Ok(classes) => Ok((count, Targets::Classes(classes))),
                Err(value) => refuse(super::csv::CLASSES, value.to_string()),
            }
        }
        (Data::Floats(values), &[count]) => Ok((count, Targets::Values { size: 1, values })),
        (Data::Floats(values), &[count, size]) if size > 0 => Ok((count, Targets::Values { size, values })),
        (Data::Integers(_), shape) => refuse("integers of shape [sequences]", format!("shape {shape:?}")),
        (Data::Floats(_), shape) => refuse("floats of one dimension or two", format!("shape {shape:?}")),
    }
}

fn integers(named: Named) -> Result<Vec<i64>, Box<Fault>> {
    match (named.array.data, &named.array.shape[..]) {
        (Data::Integers(values), [_]) => Ok(values),
        (data, shape) => {
            let kind = if matches!(data, Data::Integers(_)) { "integers" } else { "floats" };
            let found = format!("{kind} of shape {shape:?}");
            let help = "give the number of steps of each sequence, or leave `lengths` out";
            Err(fault(
                &named.name,
                "lengths that can't be used",
                "integers of shape [sequences]",
                found,
                help,
            ))
        }
    }
}

fn wrong_length(lengths: &[i64], count: usize, steps: usize) -> Option<Box<Fault>> {
    let help = "give the number of steps of each sequence, or leave `lengths` out";
    if lengths.len() != count {
        let found = lengths.len().to_string();
        return Some(fault(
            "lengths",
            "not as many lengths as inputs",
            format!("{count} lengths"),
            found,
            help,
        ));
    }
    let at = lengths.iter().position(|&length| length < 1 || length as u64 > steps as u64)?;
    let found = format!("{} for sequence {at}", lengths[at]);
    Some(fault(
        "lengths",
        "a length that no sequence can have",
        format!("1 to {steps}, the steps of `inputs`"),
        found,
        help,
    ))
}

/// Zeros past the end of each sequence: whatever padding a file has plays no part.
fn clear(inputs: &mut [f32], lengths: &Option<Vec<usize>>, row: usize, features: usize) {
    for (sequence, &length) in inputs.chunks_mut(row).zip(lengths.iter().flatten()) {
        sequence[length * features..].fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::CompressionMethod;
    use zip::write::{SimpleFileOptions, ZipWriter};

    use super::super::npy::tests::written;
    use super::*;

    fn archive(arrays: &[(&str, Vec<u8>)], method: CompressionMethod) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in arrays {
            let options = SimpleFileOptions::default().compression_method(method);
            writer.start_file(format!("{name}.npy"), options).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn floats(shape: &str, values: &[f32]) -> Vec<u8> {
        let body: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        written("<f4", false, shape, &body)
    }

    fn bytes(shape: &str, values: &[i8]) -> Vec<u8> {
        let body: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        written("|i1", false, shape, &body)
    }

    #[test]
    fn classes_values_and_lengths_are_read() {
        let inputs = floats("(2, 3, 2)", &[1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11., 12.]);
        for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
            let file = archive(&[("inputs", inputs.clone()), ("targets", bytes("(2,)", &[3, 0]))], method);
            let data = read("x.npz", &file).unwrap();
            assert_eq!((data.count, data.steps, data.features, data.output_size()), (2, 3, 2, 4));
            assert_eq!(data.targets, Targets::Classes(vec![3, 0]));
            assert_eq!(data.sequence(1), [7., 8., 9., 10., 11., 12.]);
        }
        let arrays = [
            ("inputs", inputs),
            ("targets", floats("(2, 1)", &[0.5, -1.0])),
            ("lengths", bytes("(2,)", &[1, 3])),
        ];
        let data = read("x.npz", &archive(&arrays, CompressionMethod::Stored)).unwrap();
        assert_eq!(data.targets, Targets::Values { size: 1, values: vec![0.5, -1.0] });
        assert_eq!((data.sequence(0), data.length(1)), (&[1.0, 2.0][..], 3));
        assert_eq!(data.inputs[..6], [1., 2., 0., 0., 0., 0.]);
        let flat = [("inputs", bytes("(1, 2)", &[7, -7])), ("targets", floats("(1,)", &[2.0]))];
        let data = read("x.npz", &archive(&flat, CompressionMethod::Stored)).unwrap();
        assert_eq!((data.features, data.inputs), (1, vec![7.0, -7.0]));
    }

    #[test]
    fn what_is_wrong_is_told_at_once() {
        let inputs = || floats("(2, 1)", &[1.0, 2.0]);
        type Case<'a> = (&'a [(&'a str, Vec<u8>)], &'a [&'a str]);
        let cases: &[Case<'_>] = &[
            (&[], &["`inputs`", "no arrays", "numpy.savez(FILE, targets=...)"]),
            (&[("x", inputs()), ("y", inputs())], &["found `x`, `y`"]),
            (
                &[("inputs", floats("(2,)", &[1.0, 2.0])), ("targets", bytes("(2,)", &[0, -1]))],
                &["found [2]", "found -1"],
            ),
            (&[("inputs", floats("(0, 3)", &[])), ("targets", bytes("(0,)", &[]))], &["each at least 1"]),
            (
                &[("inputs", inputs()), ("targets", bytes("(3,)", &[0, 1, 1]))],
                &["expected 2 targets", "found 3"],
            ),
            (&[("inputs", inputs()), ("targets", bytes("(2, 1)", &[0, 1]))], &["shape [2, 1]"]),
            (&[("inputs", inputs()), ("targets", floats("(1, 2, 1)", &[0., 1.]))], &["one dimension or two"]),
            (&[("inputs", floats("(2, 1)", &[1.0, f32::NAN])), ("targets", inputs())], &["NaN as element 1"]),
            (
                &[("inputs", inputs()[..100].to_vec()), ("targets", inputs())],
                &["that can't be used", "numpy's format"],
            ),
            (
                &[("inputs", inputs()), ("targets", inputs()), ("lengths", bytes("(2,)", &[1, 2]))],
                &["1 to 1", "2 for sequence 1"],
            ),
            (
                &[("inputs", inputs()), ("targets", inputs()), ("lengths", bytes("(1,)", &[1]))],
                &["expected 2 lengths"],
            ),
            (
                &[("inputs", inputs()), ("targets", inputs()), ("lengths", inputs())],
                &["floats of shape [2, 1]"],
            ),
        ];
        for (arrays, expected) in cases {
            let text = read("x.npz", &archive(arrays, CompressionMethod::Stored)).unwrap_err().to_string();
            assert!(text.contains("x.npz") && text.contains("help:"), "{text}");
            for words in *expected {
                assert!(text.contains(words), "{words} is not in\n{text}");
            }
        }
    }

    #[test]
    fn whatever_the_bytes_are_nothing_panics() {
        let arrays = [("inputs", floats("(1, 1)", &[1.0])), ("targets", bytes("(1,)", &[0]))];
        let sound = archive(&arrays, CompressionMethod::Deflated);
        assert!(read("x.npz", &sound).is_ok());
        for len in 0..sound.len() {
            assert!(read("x.npz", &sound[..len]).is_err());
        }
        for i in 0..sound.len() {
            let mut broken = sound.clone();
            broken[i] ^= 0x55;
            let _ = read("x.npz", &broken);
        }
    }
}
