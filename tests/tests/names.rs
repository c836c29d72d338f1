//! Models whose names are those of things that stand beside the emitted code: the programs that compare and time it, the
//! files that they read, headers of the C library.

use std::fs;

use dopec::verify::{Options, Toolchain};
use dopec::{DataForm, Emit, Settings, Source, files, tune, verify};

/// A layer with a sparse part, its tables in a file, whose name is the model's, too.
fn json(name: &str) -> String {
    format!(
        r#"{{"format": "doped-model", "version": 1, "name": "{name}", "layers": [{{"linear": {{"name": "only",
        "input_size": 2, "output_size": 2, "weight": {{"shape": [2, 2], "sparse": {{
        "row_ptr": {{"shape": [3], "data": [0, 1, 2]}}, "col_idx": {{"shape": [2], "data": [1, 0]}},
        "values": {{"shape": [2], "data": [0.5, -1.5]}}}}}}}}}}]}}"#
    )
}

#[test]
fn any_name_can_be_verified_and_timed() {
    let folder = tempfile::tempdir().unwrap();
    let settings =
        Settings { data: DataForm::Incbin, batch: Some(2), unroll_limit: Some(0), ..Settings::default() };
    let toolchains = [Toolchain { flags: vec!["-O0".to_owned()], ..Toolchain::c() }, Toolchain::rust()];
    let options = Options { random_steps: 4, ..Options::default() };
    let quick =
        tune::Options { toolchain: toolchains[0].clone(), rounds: 1, steps: 2, ..tune::Options::default() };
    for name in ["model", "verify", "batch", "time", "layers", "steps", "inputs", "outputs", "stdio", "math"]
    {
        let path = folder.path().join(format!("{name}.json"));
        fs::write(&path, json(name)).unwrap();
        let (reports, _) =
            files::with_source(&path, |source| verify::run(source, &settings, &toolchains, &options));
        for report in reports.unwrap_or_else(|faults| panic!("{name}: {faults}")) {
            assert!(report.passes(), "{name}\n{report}");
        }
        let (comparison, _) = files::with_source(&path, |source| tune::compare(source, &settings, &quick));
        assert!(comparison.unwrap_or_else(|faults| panic!("{name}: {faults}")).passes(), "{name}");
    }
}

/// `<stdint.h>` has a `SIZE_WIDTH`, an `INT32_MAX` and the like.
#[test]
fn no_macro_is_one_of_the_c_library() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { batch: Some(2), ..Settings::default() };
    let flags = ["-O0", "-Werror", "-D_GNU_SOURCE"].map(str::to_owned).to_vec();
    let toolchains = [Toolchain { flags, ..Toolchain::c() }];
    let options = Options { random_steps: 4, ..Options::default() };
    for name in ["size", "ptrdiff", "wchar", "sig_atomic", "intmax", "uintptr", "int32", "uint_fast16"] {
        let path = folder.path().join(format!("{name}.json"));
        fs::write(&path, json(name)).unwrap();
        let (reports, _) =
            files::with_source(&path, |source| verify::run(source, &settings, &toolchains, &options));
        assert!(reports.unwrap_or_else(|faults| panic!("{name}: {faults}"))[0].passes(), "{name}");
    }
}

/// Without the folder of its tables a compiler says that a file is missing: the header says what to do.
#[test]
fn a_header_says_how_its_file_of_tables_is_found() {
    let (json, open) =
        (json("lm").replace("0.5, -1.5", "0.5"), |_: &str| unreachable!("the arrays are inline"));
    let wide = json
        .replace("[0, 1, 2]", "[0, 80, 80]")
        .replace("\"shape\": [2, 2]", "\"shape\": [2, 80]")
        .replace("\"input_size\": 2", "\"input_size\": 80")
        .replace("\"shape\": [2], ", "\"shape\": [80], ")
        .replace("[1, 0]", &format!("{:?}", (0..80).collect::<Vec<_>>()))
        .replace("[0.5]", &format!("{:?}", vec![0.5; 80]));
    let source = Source { file: "lm.json", json: wide.as_bytes(), open: &open, lock: None };
    let header = |data| {
        let settings = Settings { emit: vec![Emit::C], data, unroll_limit: Some(0), ..Settings::default() };
        let compiled = dopec::compile(&source, &settings).unwrap_or_else(|faults| panic!("{faults}"));
        String::from_utf8(compiled.files()[0].bytes()).unwrap()
    };
    let words = ["lm.c takes in lm.bin", "-I", "LM_BIN"];
    assert!(words.iter().all(|word| header(DataForm::Incbin).contains(word)));
    assert!(!words.iter().any(|word| header(DataForm::Source).contains(word)));
}
