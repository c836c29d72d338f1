//! Compiles each C test with every compiler and set of flags that emitted code may meet, and runs it.
//!
//! Compilers that are not installed are left out; one at least must be, and all of them where the environment sets
//! `DOPEC_ALL_TOOLS`. A test program prints what differs and exits with a status other than 0.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCES: [&str; 5] = ["dense", "sparse", "vectors", "math", "wide"];
const WARNINGS: [&str; 6] = ["-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wcast-align", "-Werror"];
const C99: &[&str] = &["-std=c99"];
const CPP17: &[&str] = &["-x", "c++", "-std=c++17"];

fn exists(compiler: &str) -> bool {
    let exists = Command::new(compiler).arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(
        exists || env::var_os("DOPEC_ALL_TOOLS").is_none(),
        "DOPEC_ALL_TOOLS is set, and {compiler} is missing"
    );
    exists
}

/// GCC and Clang where they are, else whatever `cc` is.
fn compilers() -> Vec<&'static str> {
    let mut found: Vec<&str> = ["gcc", "clang"].into_iter().filter(|compiler| exists(compiler)).collect();
    if found.is_empty() {
        assert!(exists("cc"), "no C compiler is installed");
        found.push("cc");
    }
    found
}

/// Compiles `tests/SOURCE.c` and gives the program.
fn build(compiler: &str, flags: &[&str], source: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(out).unwrap();
    let name: String = format!("{compiler}{}_{source}", flags.concat());
    let program = out.join(name.replace(|c: char| !c.is_ascii_alphanumeric(), "_"));
    let output = Command::new(compiler)
        .args(flags)
        .args(WARNINGS)
        .arg("-I")
        .arg(here.join("include"))
        .arg(here.join("tests").join(format!("{source}.c")))
        .args(["-x", "none", "-lm", "-o"])
        .arg(&program)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{compiler} {flags:?} {source}.c\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    program
}

fn run(program: &Path, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}\n{text}{}",
        program.display(),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Every source with every compiler, under `standard` and `flags`.
fn check(compilers: &[&str], standard: &[&str], flags: &[&str]) {
    for compiler in compilers {
        for source in SOURCES {
            run(&build(compiler, &[standard, flags].concat(), source), &[]);
        }
    }
}

#[test]
fn unoptimised() {
    check(&compilers(), C99, &["-O0"]);
}

#[test]
fn optimised() {
    check(&compilers(), C99, &["-O2"]);
}

#[test]
fn optimised_further() {
    check(&compilers(), C99, &["-O3"]);
}

#[test]
fn with_fast_math() {
    check(&compilers(), C99, &["-O3", "-ffast-math"]);
}

#[test]
fn as_cpp() {
    let compilers: Vec<&str> = ["g++", "clang++"].into_iter().filter(|compiler| exists(compiler)).collect();
    assert!(!compilers.is_empty(), "no C++ compiler is installed");
    check(&compilers, CPP17, &["-O2"]);
}

#[test]
fn under_sanitizers() {
    for compiler in compilers() {
        let sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
        let flags = [&["-std=c99", "-O1"], &sanitizers[..]].concat();
        for source in SOURCES {
            run(&build(compiler, &flags, source), &[]);
        }
    }
}

/// Without vector types: what a compiler that is neither GCC nor Clang sees.
#[cfg(target_arch = "x86_64")]
#[test]
fn without_vector_types() {
    check(&compilers(), C99, &["-O2", "-U__SSE__"]);
}

/// Wide vectors, with and without fused multiply-add.
#[cfg(target_arch = "x86_64")]
#[test]
fn with_wide_vectors() {
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        check(&compilers(), C99, &["-O3", "-mavx2", "-mfma", "-ffp-contract=fast"]);
        check(&compilers(), C99, &["-O2", "-mavx2"]);
    }
    if is_x86_feature_detected!("avx512vl") && is_x86_feature_detected!("avx512dq") {
        check(
            &compilers(),
            C99,
            &["-O2", "-mavx2", "-mfma", "-mavx512f", "-mavx512vl", "-mavx512bw", "-mavx512dq"],
        );
    }
}

/// On AArch64, whose vectors have four lanes: with the cross compiler and the emulator, where both are installed.
#[test]
fn on_aarch64() {
    let (compiler, emulator) = ("aarch64-linux-gnu-gcc", "qemu-aarch64");
    if !exists(compiler) || !exists(emulator) {
        println!("left out: needs {compiler} and {emulator}");
        return;
    }
    for flags in [["-std=c99", "-O2", "-static"], ["-std=c99", "-O0", "-static"]] {
        for source in SOURCES {
            // The bounds of the functions are checked on a sample a tenth as dense: the emulator is slow.
            let arguments: &[&str] = if source == "math" { &["10007"] } else { &[] };
            let program = build(compiler, &flags, source);
            let output = Command::new(emulator).arg(&program).args(arguments).output().unwrap();
            assert!(
                output.status.success(),
                "{flags:?} {source}: {}",
                String::from_utf8_lossy(&output.stdout)
            );
        }
    }
}

/// The loops of gates and products are vector code as they stand, without `-ffast-math`: no multiplication, division or
/// addition of single floats is left in them.
#[cfg(target_arch = "x86_64")]
#[test]
fn loops_become_vector_code() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    for compiler in compilers() {
        for flags in [["-O2", "-msse2"], ["-O3", "-msse2"], ["-O3", "-mavx2"]] {
            let output = Command::new(compiler)
                .args(flags)
                .args(["-std=c99", "-S", "-o", "-", "-I"])
                .arg(here.join("include"))
                .arg(here.join("tests/assembly.c"))
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let assembly = String::from_utf8_lossy(&output.stdout);
            let functions: Vec<&str> = assembly.split("\ncheck_").skip(1).collect();
            assert_eq!(functions.len(), 8);
            for function in functions {
                let name = function.split(':').next().unwrap_or_default();
                let count = |ending: &str| {
                    let arithmetic = ["mul", "add", "div"].map(|what| format!("{what}{ending}"));
                    let word = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
                    let is = |word: &str| arithmetic.iter().any(|name| word.trim_start_matches('v') == name);
                    function.lines().filter(|line| is(&word(line))).count()
                };
                let (vector, single) = (count("ps"), count("ss"));
                assert!(vector > 0 && single == 0, "{compiler} {flags:?}: {name} has {vector} and {single}");
            }
        }
    }
}

/// The bounds of `math.h` over every float: minutes.
#[test]
#[ignore = "takes minutes: cargo test -p dopec-runtime-c --release -- --ignored"]
fn every_float() {
    run(&build(compilers()[0], &["-std=c99", "-O2"], "math"), &["1"]);
}
