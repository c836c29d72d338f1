//! Lock files: what tuning writes is read back by every build, what is wrong with one is said, and every way that they
//! can choose gives the right numbers.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use dopec::tune::{self, targets};
use dopec::verify::{self, Toolchain};
use dopec::{Choices, Emit, Faults, OutputFile, Settings, Target, Way, files, ingest, lower};

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models")
}

/// A folder that holds the small trained model alone.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.json");
    fs::copy(models().join("shakespeare_small.json"), &path).unwrap();
    (folder, path)
}

/// The emitted files, the printed Program, and the files that were read.
type Built = (Vec<Vec<u8>>, String, Vec<PathBuf>);

fn compile(path: &Path, settings: &Settings) -> Result<Built, Faults> {
    let settings = Settings { emit: vec![Emit::C, Emit::Rust], ..settings.clone() };
    let (compiled, read) = files::with_source(path, |source| dopec::compile(source, &settings));
    let compiled = compiled?;
    let bytes = compiled.files().iter().map(OutputFile::bytes).collect();
    Ok((bytes, compiled.program.to_string(), read))
}

fn choices(target: Target, ways: &[(&str, Way)]) -> Choices {
    let ways = ways.iter().map(|(path, way)| ((*path).to_owned(), *way)).collect();
    Choices { target, ways }
}

/// Too little to choose by, enough to try everything.
fn quick() -> tune::Options {
    let toolchain = Toolchain { flags: vec!["-O1".to_owned()], ..Toolchain::c() };
    tune::Options { toolchain, rounds: 3, steps: 4, ..tune::Options::new() }
}

const IH: &str = "lstm0.weight_ih";
const HH: &str = "lstm0.weight_hh";

/// A lock file of the small model with these choices.
fn lock_text(path: &Path, target: &str, choices: &str) -> String {
    let (model, _) = files::with_source(path, dopec::read);
    let file = model.unwrap().files.remove(0);
    format!(
        r#"{{"format": "dopec-lock", "version": 1, "dopec": "0.1.0", "model": {{"{}": "{}"}},
  "target": "{target}", "machine": {{}},
  "choices": {{{choices}}},
  "measured": {{}}}}
"#,
        file.name, file.sha256
    )
}

#[test]
fn what_tuning_writes_is_what_builds_use() {
    let (_folder, path) = folder();
    let settings = Settings::default();
    let (tuned, read) = files::with_source(&path, |source| tune::tune(source, &settings, &quick()));
    let tuned = tuned.unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(read, std::slice::from_ref(&path));
    assert_eq!(tuned.choices.target, targets()[0]);
    assert_eq!(tuned.choices.ways.keys().collect::<Vec<_>>(), [HH, IH]);
    let measured = &tuned.measured;
    assert!(measured.tuned > 0 && measured.default > 0);
    for (part, way) in &tuned.choices.ways {
        let times = &measured.parts[part];
        assert!(times.len() >= 3 && times.contains_key(way.word()), "{part}: {times:?}");
        assert_eq!(times.contains_key(Way::Lookup.word()), Way::Lookup.possible(tuned.choices.target));
    }

    let lock = files::lock_path(&path);
    assert_eq!(lock, path.with_file_name("small.lock.json"));
    let (before, ..) = compile(&path, &settings).unwrap();
    fs::write(&lock, &tuned.text).unwrap();
    let (after, program, read) = compile(&path, &settings).unwrap();
    assert_eq!(read, [path.clone(), lock]);
    assert!(program.contains("as tuned"));
    let from = program.lines().find(|line| line.contains("from small.lock.json sha256:")).unwrap();
    // By hand, the same choices give the same bytes but for the line that names the file.
    let by_hand = Settings { choices: Some(tuned.choices), ..settings.clone() };
    let (by_hand, _, read) = compile(&path, &by_hand).unwrap();
    assert_eq!(read, std::slice::from_ref(&path));
    let sha256 = from.rsplit(':').next().unwrap();
    for (found, expected) in after.iter().zip(&by_hand) {
        let text = std::str::from_utf8(found).unwrap();
        let without: String = text.split_inclusive('\n').filter(|line| !line.contains(sha256)).collect();
        assert!(without.as_bytes() == *expected && without != text);
    }
    // Left aside, nothing of it is left but the option in the command line.
    let (aside, _, read) = compile(&path, &Settings { lock: false, ..settings }).unwrap();
    assert_eq!(read, std::slice::from_ref(&path));
    for (found, expected) in aside.iter().zip(&before) {
        assert!(std::str::from_utf8(found).unwrap().replace(" --no-lock", "").as_bytes() == *expected);
    }
}

#[test]
fn the_unroll_limit_overrules_the_lock_file() {
    let (_folder, path) = folder();
    let settings = Settings { unroll_limit: Some(0), ..Settings::default() };
    let (before, ..) = compile(&path, &settings).unwrap();
    let text = lock_text(&path, "avx512", r#""lstm0.weight_hh": "straight""#);
    fs::write(files::lock_path(&path), text).unwrap();
    let (after, _, read) = compile(&path, &settings).unwrap();
    assert!(before == after);
    assert_eq!(read, [path]);
}

#[test]
fn choices_speak_of_the_code_they_were_tuned_for() {
    let (_folder, path) = folder();
    let with = |choices: Option<Choices>, target| {
        compile(&path, &Settings { choices, target, ..Settings::default() }).unwrap()
    };
    let wide = choices(Target::Avx512, &[(HH, Way::Csr)]);
    let narrow = choices(Target::Avx2, &[(HH, Way::Csr)]);
    for target in [Target::Portable, Target::Avx2] {
        assert!(with(Some(wide.clone()), target).0 == with(None, target).0);
        assert!(with(Some(narrow.clone()), target).0 != with(None, target).0);
    }
    assert!(with(Some(narrow.clone()), Target::Avx512).0 == with(None, Target::Avx512).0);
    assert!(with(Some(wide.clone()), Target::Avx512).0 != with(None, Target::Avx512).0);
    // Code for any processor holds all.
    let part = |program: &str| -> Vec<String> {
        program.lines().filter(|line| line.contains(&format!("{HH}: sparse"))).map(str::to_owned).collect()
    };
    let lines = part(&with(Some(wide), Target::Any).1);
    assert!(
        lines.len() == 3
            && lines[0].contains("a table, as tuned")
            && lines[1].contains("slots of 8 rows")
            && lines[2].contains("straight line, since"),
        "{lines:?}"
    );
    let lines = part(&with(Some(narrow), Target::Any).1);
    assert!(
        lines.len() == 2
            && lines[0].contains("look-ups as straight-line code, ")
            && lines[1].contains("as tuned")
    );
    // The same on several sides is held once.
    let same = choices(Target::Avx2, &[(HH, Way::Straight)]);
    let lines = part(&with(Some(same), Target::Any).1);
    assert!(lines.len() == 2 && lines[1].contains("straight line, as tuned"), "{lines:?}");
    let all = Settings { unroll_limit: Some(10_000), ..Settings::default() };
    let lines = part(&compile(&path, &all).unwrap().1);
    assert!(lines.len() == 1 && lines[0].contains("straight line, since"), "{lines:?}");
}

#[test]
fn every_way_gives_the_right_numbers() {
    let path = models().join("shakespeare_small.json");
    let flags = "-std=c99 -pedantic -Wall -Wextra -Wconversion -Werror -O1".split(' ').map(str::to_owned);
    let toolchains = [Toolchain { flags: flags.collect(), ..Toolchain::c() }, Toolchain::rust()];
    let options = verify::Options { random_steps: 20, ..verify::Options::default() };
    for tuned_for in [Target::Avx512, Target::Avx2, Target::Portable] {
        for (word, way, _) in Way::ALL.into_iter().filter(|(_, way, _)| way.possible(tuned_for)) {
            let choices = Some(choices(tuned_for, &[(IH, way), (HH, way)]));
            let settings = Settings { choices, ..Settings::default() };
            let (model, _) = files::with_source(&path, dopec::read);
            let model = model.unwrap();
            let found: Vec<Way> =
                lower::ways(&model, &settings, tuned_for).into_iter().map(|(_, way)| way).collect();
            assert_eq!(found, [way, way]);
            let (reports, _) =
                files::with_source(&path, |source| verify::run(source, &settings, &toolchains, &options));
            for report in reports.unwrap_or_else(|faults| panic!("{word}: {faults}")) {
                assert!(report.passes(), "{word} for {}\n{report}", tuned_for.word());
            }
        }
    }
}

/// Matrices that a way does not suit: one row, one column, one element, empty rows.
#[test]
fn ways_that_do_not_suit_give_the_right_numbers() {
    const LONG: &[u32] = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 33, 69];
    let shapes: [(usize, usize, &[&[u32]]); 4] = [
        (1, 40, &[&[0, 7, 39]]),
        (5, 1, &[&[0], &[], &[0], &[], &[0]]),
        (3, 3, &[&[], &[2], &[]]),
        (18, 70, &[LONG; 18]),
    ];
    for (rows, cols, columns) in shapes {
        let indices: Vec<u32> = columns.concat();
        let values: Vec<f32> = (0..indices.len()).map(|i| 0.25 + (i % 5) as f32).collect();
        let mut ends = vec![0];
        columns.iter().for_each(|row| ends.push(ends[ends.len() - 1] + row.len()));
        let json = format!(
            r#"{{"format": "doped-model", "version": 1, "name": "odd", "layers": [{{"linear": {{"name": "only",
            "input_size": {cols}, "output_size": {rows}, "weight": {{"shape": [{rows}, {cols}], "sparse": {{
            "row_ptr": {{"shape": [{}], "data": {ends:?}}}, "col_idx": {{"shape": [{nnz}], "data": {indices:?}}},
            "values": {{"shape": [{nnz}], "data": {values:?}}}}}}}}}}}]}}"#,
            rows + 1,
            nnz = indices.len()
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("odd.json");
        fs::write(&path, json).unwrap();
        for (word, way, _) in Way::ALL {
            let choices = Some(choices(Target::Avx512, &[("only.weight", way)]));
            let settings = Settings { choices, ..Settings::default() };
            let toolchain =
                Toolchain { flags: vec!["-O1".to_owned(), "-pedantic-errors".to_owned()], ..Toolchain::c() };
            let options = verify::Options { random_steps: 5, ..verify::Options::default() };
            let (reports, _) =
                files::with_source(&path, |source| verify::run(source, &settings, &[toolchain], &options));
            for report in reports.unwrap_or_else(|faults| panic!("{word}: {faults}")) {
                assert!(report.passes(), "{rows}x{cols} {word}\n{report}");
            }
        }
    }
}

/// Three layers that apply sparse matrices with so many rows and 15 non-zeros in each, one after another.
fn three_layers(rows: usize) -> String {
    let size = rows.to_string();
    let nnz = (15 * rows).to_string();
    let layer = |name: &str| {
        let ends: Vec<usize> = (0..=rows).map(|row| 15 * row).collect();
        let columns: Vec<usize> =
            (0..rows).flat_map(|row| (0..15).map(move |k| (row % 12) + 12 * k)).collect();
        let values = vec![0.25; 15 * rows];
        format!(
            r#"{{"linear": {{"name": "{name}", "input_size": {size}, "output_size": {size},
            "weight": {{"shape": [{size}, {size}], "sparse": {{
            "row_ptr": {{"shape": [{}], "data": {ends:?}}}, "col_idx": {{"shape": [{nnz}], "data": {columns:?}}},
            "values": {{"shape": [{nnz}], "data": {values:?}}}}}}}}}}}"#,
            rows + 1
        )
    };
    let layers = ["first", "second", "third"].map(layer).join(", ");
    format!(r#"{{"format": "doped-model", "version": 1, "name": "three", "layers": [{layers}]}}"#)
}

#[test]
fn code_for_a_family_is_the_same_beside_that_for_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("three.json");
    // As straight-line code just within what a model may have, so that no family's code leaves room for another's.
    fs::write(&path, three_layers(181)).unwrap();
    let (model, _) = files::with_source(&path, dopec::read);
    let model = model.unwrap();
    let ways = |target, code| {
        let settings = Settings { target, ..Settings::default() };
        let ways = lower::ways(&model, &settings, code);
        ways.into_iter().map(|(part, way)| (part.path, way)).collect::<Vec<_>>()
    };
    for code in [Target::Avx512, Target::Avx2, Target::Portable] {
        assert_eq!(ways(Target::Any, code), ways(code, code), "{code:?}");
    }
    assert!(ways(Target::Any, Target::Portable).iter().all(|(_, way)| *way == Way::Straight));
}

#[test]
fn blocks_of_steps_follow_what_was_chosen_for_the_whole_matrix() {
    let path = models().join("oracle/lstm_joined_iofg.json");
    for (way, kernel) in
        [(Way::Csr, "+= csr_u8("), (Way::Sell, "+= sell_u8"), (Way::LookupPacked, "+= lookup_packed(")]
    {
        let choices = Some(choices(Target::Avx512, &[("lstm.weight", way)]));
        let settings = Settings { choices, run_block: Some(5), lock: false, ..Settings::default() };
        let (_, program, _) = compile(&path, &settings).unwrap();
        let of_block: Vec<&str> =
            program.lines().filter(|line| line.contains("lstm_weight_h_weight")).collect();
        assert!(of_block.iter().any(|line| line.contains(kernel)), "{kernel}: {of_block:#?}\n{program}");
    }
}

#[test]
fn a_bad_lock_file_is_refused() {
    let (_folder, path) = folder();
    let lock = files::lock_path(&path);
    let right = lock_text(&path, "avx512", r#""lstm0.weight_hh": "sell", "lstm0.weight_ih": "csr""#);
    fs::write(&lock, &right).unwrap();
    compile(&path, &Settings::default()).unwrap();
    let sha256 = right.split('"').find(|word| word.len() == 64).unwrap();
    let cases: [(&str, &str, &[&str]); 13] = [
        (sha256, &"0".repeat(64), &["was made for another model", "expected small.json sha256:", ":1:67"]),
        ("{\"small.json\"", "{\"large.json\"", &["was made for another model"]),
        ("dopec-lock", "doped-model", &["not a lock file of dopec"]),
        (
            "\"version\": 1",
            "\"version\": 2",
            &["an unknown version of the lock file", "expected 1", "found `2`"],
        ),
        ("weight_hh", "weight_hx", &["no sparse part `lstm0.weight_hx`", "did you mean `lstm0.weight_hh`?"]),
        ("\"sell\"", "\"cell\"", &["an unknown way", "did you mean `sell`?", "`lookup-packed`"]),
        ("\"sell\"", "7", &["an unknown way", "found `7`"]),
        ("\"lstm0.weight_ih\"", "\"lstm0.weight_hh\"", &["`lstm0.weight_hh` is given twice"]),
        ("\"avx512\"", "\"any\"", &["an unknown target", "`avx2`"]),
        ("\"choices\"", "\"choice\"", &["unknown key `choice`", "`choices` is missing"]),
        ("\"choices\": {", "\"choices\": [", &["the file is not JSON"]),
        ("\"measured\": {}}", "", &["the JSON is truncated"]),
        ("\"machine\": {}", "\"machine\": {}, \"machine\": {}", &["`machine` is given twice"]),
    ];
    for (from, to, words) in cases {
        assert!(right.contains(from), "{from}");
        fs::write(&lock, right.replacen(from, to, 1)).unwrap();
        let said = compile(&path, &Settings::default()).unwrap_err().to_string();
        // Tuning replaces what is a lock file of this model, and nothing else.
        let (foreign, _) = files::with_source(&path, |source| Ok(ingest::replaced_lock(source).is_err()));
        let foreign = foreign.unwrap();
        let mend = match foreign {
            true => "delete it or move it away, or give --no-lock",
            false => "--tune again, or delete the lock file",
        };
        assert_eq!(foreign, ["doped-model", "{\"large.json\""].contains(&to), "{to}");
        for word in words.iter().chain(&["small.lock.json", mend]) {
            assert!(said.contains(word), "{to}: no {word:?} in\n{said}");
        }
        compile(&path, &Settings { lock: false, ..Settings::default() }).unwrap();
    }
    for (target, word) in [("portable", "lookup"), ("avx2", "lookup-packed")] {
        let choice = format!(r#""lstm0.weight_hh": "{word}""#);
        fs::write(&lock, lock_text(&path, target, &choice)).unwrap();
        let said = compile(&path, &Settings::default()).unwrap_err().to_string();
        assert!(said.contains(&format!("code for `{target}` has no `{word}`")), "{said}");
        assert!(said.contains("expected one of `straight`, "), "{said}");
    }
    fs::write(&lock, b"\xff").unwrap();
    assert!(compile(&path, &Settings::default()).unwrap_err().to_string().contains("not text"));
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    assert!(compile(&path, &Settings::default()).unwrap_err().to_string().contains("can't be read"));
}

#[test]
fn the_comparison_has_a_row_for_every_way_and_target() {
    let (_folder, path) = folder();
    fs::write(files::lock_path(&path), lock_text(&path, "portable", r#""lstm0.weight_hh": "csr""#)).unwrap();
    let settings = Settings::default();
    let (comparison, _) = files::with_source(&path, |source| tune::compare(source, &settings, &quick()));
    let comparison = comparison.unwrap_or_else(|faults| panic!("{faults}"));
    assert!(comparison.passes() && comparison.locked);
    let names: Vec<&str> = comparison.rows.iter().map(|row| row.name.as_str()).collect();
    let ways = Way::ALL.iter().filter(|(_, way, _)| way.possible(targets()[0]));
    let mut expected = vec!["default".to_owned(), "lock file".to_owned()];
    expected.extend(ways.map(|(word, way, _)| format!("{word}: {}", way.about())));
    expected.extend(targets().iter().map(|target| format!("--target {}", target.word())));
    assert_eq!(names, expected);
    for row in &comparison.rows {
        assert!(
            row.time.first > 0.0 && row.time.first <= row.time.median && row.time.median <= row.time.third
        );
    }
    assert_eq!(comparison.rows[0].ratio.median, 1.0);
    let shares: BTreeMap<&str, f64> =
        comparison.layers.iter().map(|layer| (layer.name.as_str(), layer.shares[0])).collect();
    assert_eq!(shares.keys().copied().collect::<Vec<_>>(), ["embed", "head", "lstm0"]);
    assert!(shares.values().all(|share| (0.0..=1.0).contains(share)) && shares["lstm0"] > 0.0, "{shares:?}");
}

#[test]
fn a_model_without_sparse_parts_is_not_tuned() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dense.json");
    let json = r#"{"format": "doped-model", "version": 1, "name": "dense", "layers": [{"linear": {"name": "only",
        "input_size": 1, "output_size": 1, "weight": {"shape": [1, 1], "structure":
        {"dense": {"weight": {"shape": [1, 1], "data": [2]}}}}}}]}"#;
    fs::write(&path, json).unwrap();
    let settings = Settings::default();
    let (tuned, _) = files::with_source(&path, |source| tune::tune(source, &settings, &tune::Options::new()));
    assert!(tuned.unwrap_err().to_string().contains("nothing to tune"));
    let (comparison, _) = files::with_source(&path, |source| tune::compare(source, &settings, &quick()));
    assert_eq!(comparison.unwrap().rows.len(), 1 + targets().len());
}
