//! Emitted Rust as crates meet it that hold it: whatever they use of it, warn of and run on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use dopec::verify::Toolchain;
use dopec::{Emit, Settings, Target, files};

/// A call of everything that takes steps, for `chorus` with streams and blocks.
const CALLS: &str = "
    use chorus::{BatchScratch, BatchState, Model, Scratch, State};
    const ZEROS: [f32; chorus::OUTPUT_SIZE] = [0.0; chorus::OUTPUT_SIZE];
    let calls: [fn(); 4] = [
        || assert!(Model::new().step(1).is_ok()),
        || chorus::step(&mut State::new(), &mut Scratch::new(), 1, &mut ZEROS.clone()).unwrap(),
        || chorus::run(&mut State::new(), &mut Scratch::new(), &[1, 2, 0], &mut [ZEROS; 3]).unwrap(),
        || chorus::step_batch(&mut BatchState::new(), &mut BatchScratch::new(), &[1; 4], &mut [ZEROS; 4]).unwrap(),
    ];
";

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The Rust of a model, for streams and blocks besides.
fn emitted(path: &str, target: Target, batch: usize) -> String {
    let settings = Settings {
        emit: vec![Emit::Rust],
        target,
        batch: Some(batch),
        run_block: Some(3),
        ..Settings::default()
    };
    let (compiled, _) = files::with_source(&tests().join(path), |source| dopec::compile(source, &settings));
    let compiled = compiled.unwrap_or_else(|faults| panic!("{faults}"));
    String::from_utf8(compiled.files()[0].bytes()).unwrap()
}

/// Compiles a program, with the text of its module `name` beside it, into a folder, as `program`.
fn compile(folder: &Path, main: &str, (name, module): (&str, &str), flags: &str) -> Output {
    fs::write(folder.join("main.rs"), main).unwrap();
    fs::write(folder.join(format!("{name}.rs")), module).unwrap();
    let mut rustc = Command::new(Toolchain::rust().compiler);
    rustc.current_dir(folder).args(flags.split_whitespace()).args(["-o", "program", "main.rs"]);
    rustc.output().unwrap()
}

/// What was written to stderr by a command that succeeded or did not, as `success` says.
fn said(output: &Output, success: bool) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.success(), success, "{said}");
    said
}

#[test]
fn nothing_is_warned_of_in_a_program_that_uses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let main = |name: &str| {
        format!("#![deny(warnings, unreachable_pub, missing_docs)]\n//! Docs.\nmod {name};\nfn main() {{}}\n")
    };
    for (name, target) in [("chorus", Target::Any), ("mixer", Target::Avx512), ("reader", Target::Portable)] {
        let text = emitted(&format!("snapshot-models/{name}.json"), target, 4);
        for edition in ["2018", "2021", "2024"] {
            let flags = format!("--edition {edition} --emit metadata");
            said(&compile(folder.path(), &main(name), (name, &text), &flags), true);
        }
    }
}

/// The processor is asked unless the compiler was told, and code for what it lacks does not run.
#[cfg(target_arch = "x86_64")]
#[test]
fn a_processor_without_the_instructions() {
    let folder = tempfile::tempdir().unwrap();
    let main = format!(
        "mod chorus;\nfn main() {{{CALLS}
    for call in calls {{
        let refused = std::panic::catch_unwind(call).is_err();
        assert_eq!(refused, std::env::args().len() > 1);
    }}\n}}\n"
    );
    let run = |arguments: &[&str]| {
        said(&Command::new(folder.path().join("program")).args(arguments).output().unwrap(), true)
    };
    for (target, word) in [(Target::Avx2, "AVX2"), (Target::Avx512, "AVX512")] {
        let text = emitted("snapshot-models/chorus.json", target, 4);
        // What the processor answered, as if it had neither.
        let unknown = "static BEST: AtomicU8 = AtomicU8::new(0);";
        assert!(text.contains(unknown), "{word}");
        let lacking = text.replace(unknown, "static BEST: AtomicU8 = AtomicU8::new(BASE);");
        said(&compile(folder.path(), &main, ("chorus", &lacking), "--edition 2024"), true);
        let why = run(&["refused"]);
        assert_eq!(why.matches("chorus is compiled for avx2,fma").count(), 4, "{why}");
        assert!(why.contains("compile it with another `--target`, such as `any`"), "{why}");
        if dopec::tune::targets().contains(&target) {
            said(&compile(folder.path(), &main, ("chorus", &text), "--edition 2024"), true);
            run(&[]);
            // The compiler's word is enough.
            let told = "--edition 2024 -C target-cpu=native";
            said(&compile(folder.path(), &main, ("chorus", &lacking), told), true);
            run(&[]);
        }
    }
}

#[test]
fn another_architecture_is_one_error() {
    let folder = tempfile::tempdir().unwrap();
    let other = if cfg!(target_arch = "aarch64") { "riscv64" } else { "aarch64" };
    let text = emitted("snapshot-models/chorus.json", Target::Avx512, 4)
        .replace("target_arch = \"x86_64\"", &format!("target_arch = \"{other}\""))
        .replace("enable = \"avx2,", "enable = \"not_there,");
    let main = format!("mod chorus;\nfn main() {{{CALLS}\n    calls.map(|call| call());\n}}\n");
    let errors = said(&compile(folder.path(), &main, ("chorus", &text), "--edition 2024"), false);
    assert!(errors.contains("error: chorus is compiled for x86-64 with avx2,fma,"), "{errors}");
    assert!(errors.contains("compile it with another `--target`, such as `any`"), "{errors}");
    assert!(errors.contains("due to 1 previous error"), "{errors}");
}

/// Unoptimised, in a thread with an eighth of the usual stack: what is set to its start is nowhere else meanwhile, and what
/// is inlined keeps nothing in its caller's frame.
#[test]
fn a_small_stack_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    let name = "shakespeare_small";
    let text = emitted("models/shakespeare_small.json", Target::Any, 256);
    let main = "mod shakespeare_small;
use shakespeare_small::{BatchState, Model};
use std::sync::Mutex;
static STATE: Mutex<BatchState> = Mutex::new(BatchState::new());
static MODEL: Mutex<Model> = Mutex::new(Model::new());
fn main() {
    let work = || {
        let (mut state, mut model) = (STATE.lock().unwrap(), MODEL.lock().unwrap());
        state.lstm0_h[7] = 1.0;
        state.reset();
        assert_eq!(state.lstm0_h[7], 0.0);
        let first = *model.step(1).unwrap();
        assert_ne!(*model.step(1).unwrap(), first);
        model.reset();
        assert_eq!(*model.step(1).unwrap(), first);
    };
    assert!(size_of::<BatchState>() >= 256 << 10);
    std::thread::Builder::new().stack_size(256 << 10).spawn(work).unwrap().join().unwrap();
}
";
    said(&compile(folder.path(), main, (name, &text), "--edition 2024"), true);
    said(&Command::new(folder.path().join("program")).output().unwrap(), true);
}

#[test]
fn tables_in_bytes_refuse_the_other_byte_order() {
    let folder = tempfile::tempdir().unwrap();
    let text = emitted("models/shakespeare_small.json", Target::Portable, 1);
    let (this, other) = if cfg!(target_endian = "big") { ("little", "big") } else { ("big", "little") };
    let text = text.replace(&format!("target_endian = \"{this}\""), &format!("target_endian = \"{other}\""));
    let main = "mod shakespeare_small;\nfn main() {}\n";
    let errors = said(&compile(folder.path(), main, ("shakespeare_small", &text), "--emit metadata"), false);
    assert!(errors.contains("with `--data numbers` (`data = \"numbers\"`)"), "{errors}");
}
