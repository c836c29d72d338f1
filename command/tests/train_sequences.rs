//! `dopec train` on sequences: classes and values, what is held out, what lengths and forms are taken.

mod training;

use std::fs;
use std::io::Write;
use std::path::Path;

use serde_json::Value;
use training::{dopec, exit, fail, metadata, succeed, train};

/// A run of a blink.
const FEW: [&str; 8] = ["--structure", "dense", "--hidden", "8", "--batch", "16", "--steps", "2"];

/// Two hundred sequences of four steps: whether they rise, and what their mean is.
fn files(path: &Path) {
    let (mut classes, mut values) = ("a,b,c,d,class\n".to_owned(), "a,b,c,d,target\n".to_owned());
    for i in 0..200 {
        let (start, rise) = (f64::from(i % 13) / 13.0, if i % 2 == 0 { 0.5 } else { -0.5 });
        let row: Vec<f64> = (0..4).map(|t| start + rise * f64::from(t)).collect();
        let inputs: Vec<String> = row.iter().map(f64::to_string).collect();
        classes.push_str(&format!("{},{}\n", inputs.join(","), i % 2));
        values.push_str(&format!("{},{}\n", inputs.join(","), row.iter().sum::<f64>() / 4.0));
    }
    fs::write(path.join("classes.csv"), classes).unwrap();
    fs::write(path.join("values.csv"), values).unwrap();
}

/// The check vectors' inputs: the first sequence that is held out.
fn held_out(model: &Path) -> Value {
    let model: Value = serde_json::from_slice(&fs::read(model).unwrap()).unwrap();
    model["check"]["inputs"].clone()
}

/// An array as numpy writes it.
fn array(kind: &str, shape: &str, bytes: impl Iterator<Item = u8>) -> Vec<u8> {
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
    let header = format!("{header:<117}\n");
    [b"\x93NUMPY\x01\x00\x76\x00", header.as_bytes(), &bytes.collect::<Vec<u8>>()].concat()
}

/// Arrays as `numpy.savez` writes them.
fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        writer.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn sequences_are_classified_and_predicted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    files(path);
    let options = "--hidden 16 --factor 2 --batch 16 --steps 150 --learning-rate 0.01".split(' ');
    let options: Vec<&str> = options.collect();
    succeed(train(path, &[&["classes.csv", "-o", "classes.json", "--cell", "gru"][..], &options].concat()));
    assert_eq!(metadata(&path.join("classes.json"))["held_out"]["accuracy"], 1.0);
    let dense = ["values.csv", "-o", "values.json", "--structure", "dense"];
    succeed(train(path, &[&dense[..], &options].concat()));
    let loss = metadata(&path.join("values.json"))["held_out"]["loss"].as_f64().unwrap();
    assert!(loss < 0.02, "{loss}");
    for model in ["classes.json", "values.json"] {
        succeed(dopec(path, &[model, "--emit", "c,rust"]));
    }
}

#[test]
fn the_same_sequences_are_held_out_for_every_seed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    files(path);
    // Scored on the same ones whatever the seed, so that none is trained on by whoever goes on with another.
    let held_out = ["1", "2", "3"].map(|seed| {
        let output = ["values.csv", "-o", "seed.json", "--seed", seed];
        succeed(train(path, &[&output[..], &FEW].concat()));
        held_out(&path.join("seed.json"))
    });
    assert!(held_out[0].is_array() && held_out.iter().all(|part| *part == held_out[0]));
}

#[test]
fn forms_that_fit_no_matrix_of_so_few_columns_are_refused_with_what_helps() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    files(path);
    // With one feature no low-rank form is smaller than the matrix.
    let low = ["values.csv", "-o", "x.json", "--structure", "low-rank", "--factor", "1", "--batch", "16"];
    let said = exit(2, train(path, &low));
    assert!(said.contains("at no --factor does this one fit"), "{said}");
}

#[test]
fn sequences_are_taken_that_are_equally_long() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    // An array may have room for more steps than any sequence has.
    let (inputs, lengths): (Vec<f32>, Vec<i64>) =
        ((0..200 * 6).map(|i| (i % 7) as f32).collect(), vec![4; 200]);
    let targets: Vec<i64> = (0..200).map(|i| i % 2).collect();
    let arrays = |lengths: &[i64]| {
        [
            ("inputs", array("<f4", "(200, 6, 1)", inputs.iter().flat_map(|x| x.to_le_bytes()))),
            ("targets", array("<i8", "(200,)", targets.iter().flat_map(|x| x.to_le_bytes()))),
            ("lengths", array("<i8", "(200,)", lengths.iter().flat_map(|x| x.to_le_bytes()))),
        ]
    };
    fs::write(path.join("even.npz"), npz(&arrays(&lengths))).unwrap();
    succeed(train(path, &[&["even.npz", "-o", "even.json"][..], &FEW].concat()));
    assert_eq!(held_out(&path.join("even.json")).as_array().unwrap().len(), 4);
    let mut lengths = lengths;
    lengths[7] = 3;
    fs::write(path.join("uneven.npz"), npz(&arrays(&lengths))).unwrap();
    let said = fail(train(path, &["uneven.npz", "-o", "x.json"]));
    assert!(said.contains("expected 4 steps in each") && said.contains("3 in sequence 7"), "{said}");

    fs::write(path.join("uneven.csv"), "a,b,class\n1,2,0\n3,,1\n").unwrap();
    let said = fail(train(path, &["uneven.csv", "-o", "x.json"]));
    assert!(said.contains("not equally long") && said.contains("1 in sequence 1"), "{said}");
}

/// Rows of four inputs that a rule gives of row and step, and a target of each row.
fn rows(name: &str, input: impl Fn(u32, u32) -> f64, target: impl Fn(u32) -> f64) -> String {
    let rows = (0..200).map(|i| {
        let inputs: Vec<String> = (0..4).map(|t| input(i, t).to_string()).collect();
        format!("{},{}\n", inputs.join(","), target(i))
    });
    format!("a,b,c,d,{name}\n{}", rows.collect::<String>())
}

/// A number between 0 and 1 that follows no rule a network of a few steps learns.
fn noise(i: u32, t: u32) -> f64 {
    f64::from((i * 4 + t).wrapping_mul(2_654_435_761) >> 8) / f64::from(1 << 24)
}

#[test]
fn classes_that_never_occur_are_told_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let of = |classes: [u32; 4]| rows("class", noise, |i| f64::from(classes[i as usize % 4]));
    let run = |classes| {
        fs::write(path.join("x.csv"), of(classes)).unwrap();
        train(path, &[&["x.csv", "-o", "x.json", "--fresh"][..], &FEW].concat())
    };
    let told = |classes| String::from_utf8(succeed(run(classes)).stderr).unwrap();
    let said = told([0, 1, 2, 7]);
    let words = "x.csv: 8 classes, 0 to 7, with no sequence of 4 of them: 3, 4, 5, 6; number";
    assert!(said.starts_with(words), "{said}");
    assert!(told([1, 2, 3, 1]).starts_with("x.csv: 4 classes, 0 to 3, with no sequence of 1 of them: 0; "));
    assert!(!told([0, 1, 2, 1]).contains("classes"));
    let said = fail(run([1, 1, 1, 1]));
    assert!(said.contains("nothing to tell apart") && said.contains("found class 1"), "{said}");
    let said = fail(run([29_990, 30_000, 30_001, 30_007]));
    assert!(said.contains("most classes never occur\n--> x.csv"), "{said}");
    assert!(said.contains("found 30008 classes, 0 to 30007, with no sequence of 30004 of them"), "{said}");
    // A model knows the classes that it was trained on: new data need not hold most of them.
    told([0, 1, 2, 7]);
    fs::rename(path.join("x.json"), path.join("all.json")).unwrap();
    fs::write(path.join("some.csv"), of([5, 7, 5, 7])).unwrap();
    let further = ["some.csv", "--from", "all.json", "-o", "x.json", "--steps", "2"];
    let output = succeed(train(path, &further));
    assert!(!String::from_utf8(output.stderr).unwrap().contains("with no sequence"));
}

#[test]
fn another_scale_is_told_and_values_begin_with_their_mean() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let run = |text: String| {
        fs::write(path.join("x.csv"), text).unwrap();
        let output = succeed(train(path, &[&["x.csv", "-o", "x.json", "--fresh"][..], &FEW].concat()));
        let loss = metadata(&path.join("x.json"))["held_out"]["loss"].as_f64().unwrap();
        (String::from_utf8(output.stderr).unwrap(), loss)
    };
    let (said, loss) = run(rows("target", |i, t| 500.0 + noise(i, t), |i| 7.0 + 0.1 * noise(i, 9)));
    assert!(said.starts_with("x.csv: the inputs have a mean of 500 and a deviation of 0.2"), "{said}");
    assert!(!said.contains("the targets have"), "{said}");
    // After two steps from zero it would be about 49.
    assert!(loss < 1.0, "{loss}");
    let (said, _) = run(rows("target", noise, |i| 1e5 * noise(i, 9)));
    assert!(
        said.starts_with("x.csv: the targets have a mean of ") && said.contains(": scale them"),
        "{said}"
    );
    let (said, _) = run(rows("class", |i, t| 0.001 * noise(i, t), |i| f64::from(i % 2)));
    assert!(said.starts_with("x.csv: the inputs have a mean of 0.000"), "{said}");
    let (said, _) = run(rows("target", noise, |i| noise(i, 9)));
    assert!(!said.contains("scale them"), "{said}");
}

#[test]
fn a_model_that_is_no_better_than_a_guess_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let run = |text: String| {
        fs::write(path.join("x.csv"), text).unwrap();
        let output = succeed(train(path, &[&["x.csv", "-o", "x.json", "--fresh"][..], &FEW].concat()));
        let [report, said] = [output.stdout, output.stderr].map(|told| String::from_utf8(told).unwrap());
        (report, said, metadata(&path.join("x.json"))["held_out"]["baseline"].clone())
    };
    // A variance of 1/12 · 10⁴.
    let (report, said, guess) = run(rows("target", noise, |i| 100.0 * noise(i, 9)));
    assert!(report.contains("\n  a guess       mean squared error "), "{report}");
    assert!((600.0..1100.0).contains(&guess["loss"].as_f64().unwrap()), "{guess}");
    assert!(
        said.contains("better than always the mean of the targets") && said.contains("or scale inputs"),
        "{said}"
    );
    let (report, said, guess) = run(rows("class", noise, |i| f64::from(u32::from(i % 4 > 0))));
    let share = guess["accuracy"].as_f64().unwrap();
    assert!((0.6..0.9).contains(&share), "{guess}");
    assert!(
        report.contains(&format!("{:.2}% right: always class 1, the most frequent", 100.0 * share)),
        "{report}"
    );
    assert!(said.contains("the model is no better than always class 1"), "{said}");
}
