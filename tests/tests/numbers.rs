//! The emitted C and Rust against the 64-bit reference, built and run as users would.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use dopec::verify::{Options, Toolchain};
use dopec::{DataForm, Emit, Settings, Source, Target, files, verify};
use dopec_tests::{large, random};
use proptest::test_runner::FileFailurePersistence;

const STRICT: &str = "-std=c99 -pedantic -Wall -Wextra -Wconversion -Werror";
const SANITIZED: &str = "-fsanitize=address,undefined -fno-sanitize-recover=all";

fn c(compiler: &str, flags: &[&str]) -> Toolchain {
    let flags = flags.iter().flat_map(|flags| flags.split_whitespace()).map(str::to_owned).collect();
    Toolchain { compiler: compiler.to_owned(), flags, ..Toolchain::c() }
}

fn rust(flags: &[&str]) -> Toolchain {
    Toolchain { flags: flags.iter().map(|flag| (*flag).to_owned()).collect(), ..Toolchain::rust() }
}

fn exists(compiler: &str) -> bool {
    std::process::Command::new(compiler).arg("--version").output().is_ok_and(|output| output.status.success())
}

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models")
}

/// Panics unless every toolchain gives the reference's outputs.
fn verify_file(path: &Path, settings: &Settings, toolchains: &[Toolchain], steps: usize) {
    let options = Options { random_steps: steps, ..Options::default() };
    let (reports, _) = files::with_source(path, |source| verify::run(source, settings, toolchains, &options));
    for report in reports.unwrap_or_else(|faults| panic!("{faults}")) {
        assert!(report.passes(), "{}\n{report}", path.display());
    }
}

/// Runs `work` on every item, two at a time; panics with all that failed.
fn each<T: Sync>(items: &[T], work: impl Fn(&T) -> Result<(), String> + Sync) {
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(text) = work(item) {
                        failed.lock().unwrap().push(text);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of {} failed:\n{}", failed.len(), items.len(), failed.join("\n"));
}

fn verify_text(name: &str, json: &str, settings: &Settings, toolchains: &[Toolchain]) -> Result<(), String> {
    let open = |_: &str| Err(std::io::Error::other("no other file"));
    let source = Source { file: name, json: json.as_bytes(), open: &open, lock: None };
    let options = Options { random_steps: 12, ..Options::default() };
    let reports =
        verify::run(&source, settings, toolchains, &options).map_err(|faults| faults.to_string())?;
    match reports.iter().find(|report| !report.passes()) {
        Some(report) => Err(format!("{name}\n{report}")),
        None => Ok(()),
    }
}

#[test]
fn trained_models_in_c() {
    let mut toolchains = Vec::new();
    for compiler in ["gcc", "clang"].into_iter().filter(|compiler| exists(compiler)) {
        toolchains.extend(["-O0", "-O2", "-O3"].map(|level| c(compiler, &[STRICT, level])));
        toolchains.push(c(compiler, &[STRICT, "-O1", SANITIZED]));
    }
    for compiler in ["g++", "clang++"].into_iter().filter(|compiler| exists(compiler)) {
        toolchains.push(c(compiler, &["-x c++ -std=c++17 -pedantic -Wall -Wextra -Wconversion -Werror -O2"]));
    }
    assert!(!toolchains.is_empty());
    for name in ["shakespeare_small.json", "shakespeare_medium.json"] {
        verify_file(&models().join(name), &Settings::default(), &toolchains, 200);
    }
}

/// As the compiler of a microcontroller sees it, which has no vector types.
#[cfg(target_arch = "x86_64")]
#[test]
fn trained_models_in_c_without_vectors() {
    let flags: [&[&str]; 3] = [&["-O2"], &["-Os"], &["-O1", SANITIZED]];
    let compilers = ["gcc", "clang"].into_iter().filter(|compiler| exists(compiler));
    let toolchains: Vec<_> = compilers
        .flat_map(|compiler| flags.map(|flags| c(compiler, &[&[STRICT, "-U__SSE__"], flags].concat())))
        .collect();
    assert!(!toolchains.is_empty());
    let settings = Settings { target: Target::Portable, ..Settings::default() };
    for settings in [Settings { unroll_limit: Some(0), ..settings.clone() }, settings] {
        verify_file(&models().join("shakespeare_small.json"), &settings, &toolchains, 50);
    }
}

#[test]
fn trained_models_in_rust() {
    for name in ["shakespeare_small.json", "shakespeare_medium.json"] {
        verify_file(&models().join(name), &Settings::default(), &[rust(&["-O"])], 200);
    }
    verify_file(&models().join("shakespeare_small.json"), &Settings::default(), &[rust(&[])], 50);
}

#[test]
fn every_choice_of_settings() {
    let path = models().join("shakespeare_small.json");
    let both = [c("gcc", &[STRICT, "-O1"]), rust(&["-O"])];
    for unroll_limit in [Some(0), Some(2000), Some(1_000_000)] {
        verify_file(&path, &Settings { unroll_limit, ..Settings::default() }, &both, 50);
    }
    verify_file(&path, &Settings { data: DataForm::Incbin, ..Settings::default() }, &both, 50);
    verify_file(&path, &Settings { data: DataForm::Incbin, ..at_once(4) }, &both, 50);
    for (batch, run_block) in
        [(Some(1), Some(1)), (Some(256), Some(2)), (None, Some(256)), (Some(16), Some(16))]
    {
        verify_file(&path, &Settings { batch, run_block, ..Settings::default() }, &both, 300);
    }
}

/// A table above 64 KiB, no multiple of the pieces that strings have, with all sorts of bytes beside each other.
#[test]
fn a_large_table_in_every_form() {
    let (vocab, size) = (1100_u32, 17_u32);
    let value = |i: u32| f32::from_bits(0x3e00_0000 | (i.wrapping_mul(0x9e37_79b1) >> 8));
    let values: Vec<String> = (0..vocab * size).map(|i| format!("{:?}", value(i))).collect();
    let json = format!(
        "{{\"format\":\"doped-model\",\"version\":1,\"name\":\"letters\",\"layers\":[{{\"embedding\":{{\"name\":\"embed\",\
         \"vocab\":{vocab},\"size\":{size},\"weight\":{{\"shape\":[{vocab},{size}],\"data\":[{}]}}}}}}]}}",
        values.join(",")
    );
    let mut toolchains = vec![rust(&[])];
    for compiler in ["gcc", "clang"].into_iter().filter(|compiler| exists(compiler)) {
        toolchains.push(c(compiler, &[STRICT, "-O1"]));
    }
    for compiler in ["g++", "clang++"].into_iter().filter(|compiler| exists(compiler)) {
        toolchains.push(c(compiler, &["-x c++ -std=c++17 -pedantic -Wall -Wextra -Wconversion -Werror"]));
    }
    let options = Options { random_steps: 5000, ..Options::default() };
    for (_, data) in DataForm::ALL {
        let settings = Settings { data, ..Settings::default() };
        let open = |_: &str| Err(std::io::Error::other("no other file"));
        let source = Source { file: "letters", json: json.as_bytes(), open: &open, lock: None };
        let strings = dopec::compile(&source, &settings).unwrap().files()[1].bytes();
        let strings = String::from_utf8(strings).unwrap().contains("LETTERS_PIECES(37)");
        assert_eq!(strings, data == DataForm::Source);
        for report in verify::run(&source, &settings, &toolchains, &options).unwrap() {
            assert!(report.passes(), "{data:?}\n{report}");
        }
    }
}

#[test]
fn numbers_that_no_code_can_be_made_for() {
    let json = std::fs::read_to_string(models().join("shakespeare_small.json")).unwrap();
    let open = |_: &str| Err(std::io::Error::other("no other file"));
    let source = Source { file: "model.json", json: json.as_bytes(), open: &open, lock: None };
    for at_once in [0, Settings::MOST_AT_ONCE + 1, usize::MAX] {
        let settings = Settings { batch: Some(at_once), ..Settings::default() };
        let text = dopec::compile(&source, &settings).unwrap_err().to_string();
        assert!(text.contains(&format!("batch: {at_once} streams at once, expected 1 to 256")), "{text}");
        let settings = Settings { run_block: Some(at_once), ..Settings::default() };
        let text = dopec::compile(&source, &settings).unwrap_err().to_string();
        assert!(text.contains(&format!("run-block: {at_once} steps at once, expected 1 to 256")), "{text}");
    }
}

/// Streams and blocks of steps by turns, so that all meet every structure: none, one, fewer than a vector, a vector and
/// one more; blocks that the steps of a test fill, and none.
fn at_once(turn: usize) -> Settings {
    let batch = [None, Some(3), Some(16), None, Some(17), Some(1), Some(40)][turn % 7];
    let run_block = [Some(5), None, Some(1), Some(12), Some(3)][turn % 5];
    Settings { batch, run_block, ..Settings::default() }
}

/// The targets that this machine can run.
fn targets() -> Vec<Target> {
    [vec![Target::Any], dopec::tune::targets()].concat()
}

/// Each family of instructions by itself, with every compiler, wide flags of the compiler's own among them.
#[test]
fn every_target() {
    let mut toolchains = Vec::new();
    for compiler in ["gcc", "clang"].into_iter().filter(|compiler| exists(compiler)) {
        for flags in ["-O1", "-O2 -march=native", "-O3 -mavx2 -mfma"] {
            if !flags.contains("avx2") || targets().contains(&Target::Avx2) {
                toolchains.push(c(compiler, &[STRICT, flags]));
            }
        }
    }
    for compiler in ["g++", "clang++"].into_iter().filter(|compiler| exists(compiler)) {
        toolchains.push(c(compiler, &["-x c++ -std=c++17 -pedantic -Wall -Wextra -Wconversion -Werror -O1"]));
    }
    toolchains.push(rust(&["-O"]));
    for target in targets() {
        for unroll_limit in [None, Some(0)] {
            let settings = Settings {
                target,
                unroll_limit,
                batch: Some(19),
                run_block: Some(16),
                ..Settings::default()
            };
            // Tables with one compiler: what differs between compilers is in the kernels, which both have.
            let toolchains = if unroll_limit.is_some() { &toolchains[..1] } else { &toolchains[..] };
            verify_file(&models().join("shakespeare_small.json"), &settings, toolchains, 30);
        }
    }
}

#[test]
fn oracle_models_in_c_and_rust() {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(models().join("oracle")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    assert!(paths.len() >= 50);
    let toolchains = [c("gcc", &[STRICT, "-O1", SANITIZED]), rust(&["-O"])];
    let paths: Vec<(usize, PathBuf)> = paths.into_iter().enumerate().collect();
    let targets = targets();
    each(&paths, |(i, path)| {
        let options = Options { random_steps: 20, ..Options::default() };
        let settings = Settings { target: targets[i % targets.len()], ..at_once(*i) };
        let (reports, _) =
            files::with_source(path, |source| verify::run(source, &settings, &toolchains, &options));
        let reports = reports.map_err(|faults| faults.to_string())?;
        match reports.iter().find(|report| !report.passes()) {
            Some(report) => Err(format!("{}\n{report}", path.display())),
            None => Ok(()),
        }
    });
}

/// Products of equal shape share a function, whatever they start from and however many vectors they take.
#[test]
fn products_of_equal_shape() {
    let json = random::twins();
    let open = |_: &str| Err(std::io::Error::other("no other file"));
    let source = Source { file: "twins", json: json.as_bytes(), open: &open, lock: None };
    let both = [c("gcc", &[STRICT, "-O1"]), rust(&["-O"])];
    for target in targets() {
        let settings = Settings { target, ..at_once(2) };
        let text = dopec::compile(&source, &settings).unwrap().files()[1].bytes();
        let text = String::from_utf8(text).unwrap();
        let shapes = ["dense_tall_106_106_from", "dense_tall_424_106_onto", "dense_wide_1_0_106_106_16"];
        for shape in shapes.into_iter().chain(["dense_wide_1_0_424_106_16_onto", "circulant_106_from"]) {
            assert!(text.contains(&format!("_shape_{shape}(")), "{shape}");
        }
        verify_text("twins", &json, &settings, &both).unwrap_or_else(|text| panic!("{text}"));
    }
}

/// Look-ups that leave more over than becomes straight-line code: rows grouped by their number of elements.
#[test]
fn what_look_ups_leave_over() {
    let large = large::two_layers("left_over", 650, 0.06);
    let open = |_: &str| Ok(large.weights.clone());
    let source = Source { file: "left_over", json: large.json.as_bytes(), open: &open, lock: None };
    let settings = Settings { data: DataForm::Incbin, ..Settings::default() };
    let text = dopec::compile(&source, &settings).unwrap().files()[1].bytes();
    assert!(String::from_utf8(text).unwrap().contains("_avx512_kernel_grouped_u16_u16("));
    let both = [c("gcc", &[STRICT, "-O1"]), rust(&["-O"])];
    let options = Options { random_steps: 30, ..Options::default() };
    for report in verify::run(&source, &settings, &both, &options).unwrap() {
        assert!(report.passes(), "{report}");
    }
}

/// Look-ups as straight-line code whose tables exceed the first-level cache: some have their values among those of others.
#[test]
fn look_ups_that_share_their_values() {
    let compilers = ["gcc", "clang"].into_iter().filter(|compiler| exists(compiler));
    let mut toolchains: Vec<Toolchain> = compilers.map(|compiler| c(compiler, &[STRICT, "-O1"])).collect();
    toolchains.push(rust(&["-O"]));
    for (units, density) in [(60, 0.12), (113, 0.04)] {
        let large = large::two_layers("shared", units, density);
        let open = |_: &str| Ok(large.weights.clone());
        let source = Source { file: "shared", json: large.json.as_bytes(), open: &open, lock: None };
        for (form, call) in [(Emit::C, "_avx512_kernel_pick_among("), (Emit::Rust, " pick_among::<")] {
            let settings = Settings { emit: vec![form], data: DataForm::Incbin, ..Settings::default() };
            let emitted = dopec::compile(&source, &settings).unwrap();
            let has_call = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).contains(call);
            assert!(emitted.files().iter().any(|file| has_call(file.bytes())), "{units} units: no {call}");
        }
        let settings = Settings { data: DataForm::Incbin, ..Settings::default() };
        let options = Options { random_steps: 20, ..Options::default() };
        for report in verify::run(&source, &settings, &toolchains, &options).unwrap() {
            assert!(report.passes(), "{units} units: {report}");
        }
    }
}

#[test]
fn streams_whose_inputs_exceed_the_first_level_cache() {
    let large = large::two_layers("streams", 520, 0.1);
    let open = |_: &str| Ok(large.weights.clone());
    let source = Source { file: "streams", json: large.json.as_bytes(), open: &open, lock: None };
    let in_c = c("gcc", &[STRICT, "-O1"]);
    for (batch, blocks, toolchain) in [(16, 2, in_c), (48, 3, rust(&["-O"]))] {
        let data = DataForm::Incbin;
        let settings = Settings { data, batch: Some(batch), run_block: Some(1), ..Settings::default() };
        let text = dopec::compile(&source, &settings).unwrap().files()[1].bytes();
        let text = String::from_utf8(text).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.replace("* ", "").contains(&format!("block {blocks} of {blocks}; slices")));
        let options = Options { random_steps: 10, ..Options::default() };
        for report in verify::run(&source, &settings, &[toolchain], &options).unwrap() {
            assert!(report.passes(), "{report}");
        }
    }
}

/// Every `part`-th model of the catalogue, by turns with straight line and tables, each family of instructions, streams
/// and blocks, so that all meet every structure.
fn catalogue(part: usize, toolchain: &Toolchain) {
    let catalogue: Vec<(usize, (String, String))> = random::catalogue().into_iter().enumerate().collect();
    assert!(catalogue.len() > 500);
    let catalogue: Vec<_> = catalogue.into_iter().step_by(part).enumerate().collect();
    let targets = targets();
    each(&catalogue, |(turn, (_, (name, json)))| {
        let target = targets[turn / 2 % targets.len()];
        let settings = Settings { unroll_limit: (turn % 2 == 0).then_some(0), target, ..at_once(*turn) };
        verify_text(name, json, &settings, std::slice::from_ref(toolchain))
    });
}

#[test]
fn a_quarter_of_every_structure_layer_and_shape_in_c() {
    catalogue(4, &c("gcc", &[STRICT, "-O1"]));
}

#[test]
#[ignore = "takes minutes: cargo test -p dopec-tests --test numbers -- --ignored"]
fn every_structure_in_every_layer_and_shape_in_c() {
    catalogue(1, &c("gcc", &[STRICT, "-O1"]));
}

#[test]
fn some_of_every_structure_in_rust() {
    catalogue(13, &rust(&["-O"]));
}

#[test]
#[ignore = "takes minutes: cargo test -p dopec-tests --test numbers -- --ignored"]
fn every_structure_in_every_layer_and_shape_in_rust() {
    catalogue(1, &rust(&["-O"]));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        cases: 10,
        max_shrink_iters: 60,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("proptest-regressions"))),
        ..Default::default()
    })]
    /// A failure shrinks to few layers of small sizes, and its model is printed.
    #[test]
    fn random_networks_in_c_and_rust(layers in 1_usize..=5, largest in 1_usize..=33, seed in 0_u64..1 << 32,
                                     tables in proptest::bool::ANY, turn in 0_usize..35) {
        let json = random::random_model(seed, layers, largest);
        let settings = Settings { unroll_limit: tables.then_some(0), ..at_once(turn) };
        let toolchains = [c("gcc", &[STRICT, "-O2"]), rust(&["-O"])];
        if let Err(text) = verify_text("random", &json, &settings, &toolchains) {
            return Err(proptest::test_runner::TestCaseError::fail(format!("{text}\n{json}")));
        }
    }
}

#[test]
fn a_wrong_weight_is_seen() {
    let json = std::fs::read_to_string(models().join("shakespeare_small.json")).unwrap();
    let open = |_: &str| Err(std::io::Error::other("no other file"));
    // -3.3972116 is the first weight of the embedding: token 0 is among the check vectors or the random steps.
    let broken = json.replacen("-3.3972116", "-3.2972116", 1);
    let source = Source { file: "broken.json", json: broken.as_bytes(), open: &open, lock: None };
    let faults = dopec::read(&source).expect_err("the check vectors must not be reproduced");
    assert!(faults.to_string().contains("does not reproduce"), "{faults}");
}
