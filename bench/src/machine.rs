//! What a run is of: the commit, the machine and its tools by name; and the one core that everything runs on.

use std::fs;
use std::process::Command;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::toolchain::{python, root};

/// Keeps this process, and those that it starts, on one core: the one asked for, or the last that it may use.
///
/// # Errors
///
/// The core is not among those.
pub(crate) fn pin(core: Option<usize>) -> Result<usize, String> {
    let fail = |error: rustix::io::Errno| format!("the process could not be kept on one core: {error}");
    let allowed = sched_getaffinity(None).map_err(fail)?;
    let cores: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core)).collect();
    let core = match core {
        Some(core) if !cores.contains(&core) => {
            return Err(format!("core {core} can't be used; those that can are {cores:?}"));
        }
        Some(core) => core,
        None => *cores.last().ok_or("no core can be used")?,
    };
    let mut one = CpuSet::new();
    one.set(core);
    sched_setaffinity(None, &one).map_err(fail)?;
    Ok(core)
}

/// Lines about the commit, the processor, its caches, the system, the compilers and the variables that libraries read.
pub(crate) fn describe(core: usize) -> Vec<String> {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = info.lines().find(|line| line.split(':').next().is_some_and(|key| key.trim() == name));
        line.and_then(|line| line.split(':').nth(1))
            .map_or("not known".to_owned(), |value| value.trim().to_owned())
    };
    let (vendor, family, model) = (field("vendor_id"), field("cpu family"), field("model"));
    let flags = field("flags");
    let vectors: Vec<&str> = ["avx2", "fma", "avx512f", "avx512vl", "avx512bw", "avx512dq", "avx512_vnni"]
        .into_iter()
        .filter(|feature| flags.split(' ').any(|flag| flag == *feature))
        .collect();
    let mut caches = Vec::new();
    for index in 0..8 {
        let read = |what: &str| {
            let path = format!("/sys/devices/system/cpu/cpu{core}/cache/index{index}/{what}");
            fs::read_to_string(path).map(|text| text.trim().to_owned())
        };
        if let (Ok(level), Ok(size), Ok(kind)) = (read("level"), read("size"), read("type"))
            && kind != "Instruction"
        {
            caches.push(format!("L{level} {size}"));
        }
    }
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    vec![
        format!(
            "commit: {}, cargo features: {}, on {}",
            commit(
                git(&["rev-parse", "--short", "HEAD"]),
                git(&["status", "--porcelain", "--untracked-files=no"])
            ),
            if cfg!(feature = "tract") { "tract" } else { "none" },
            first_line("date", &["-u", "+%Y-%m-%d %H:%M UTC"])
        ),
        format!(
            "processor: {} ({vendor}, family {family}, model {model}); {}",
            field("model name"),
            vectors.join(" ")
        ),
        format!("caches: {}; one core of it, number {core}, one thread", caches.join(", ")),
        format!("system: {} {}", std::env::consts::OS, kernel.trim()),
        format!(
            "compilers: {}; {}; {}",
            first_line("gcc", &[]),
            first_line("g++", &[]),
            first_line("rustc", &[])
        ),
        format!(
            "from bench/.venv: {}",
            first_line(
                &python().display().to_string(),
                &[
                    "-c",
                    "import sys, numpy, onnx, onnxruntime as o; print('Python', sys.version.split()[0], 'numpy', numpy.__version__, 'onnx', onnx.__version__, 'onnxruntime', o.__version__)"
                ]
            )
        ),
        variables(std::env::vars_os().map(|(name, value)| {
            (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
        })),
    ]
}

/// What git says of this repository, where there is one.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(root()).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The commit by its short name and by what has changed since.
fn commit(head: Option<String>, changes: Option<String>) -> String {
    match (head, changes) {
        (Some(head), Some(changes)) if changes.is_empty() => head,
        (Some(head), _) => format!("{head} and changes"),
        (None, _) => "unknown".to_owned(),
    }
}

/// Those that change what MKL, OpenBLAS and threads do.
fn variables(all: impl Iterator<Item = (String, String)>) -> String {
    let read = |name: &str| ["OPENBLAS_", "MKL_", "OMP_"].iter().any(|prefix| name.starts_with(prefix));
    let mut set: Vec<String> =
        all.filter(|(name, _)| read(name)).map(|(name, value)| format!("{name}={value}")).collect();
    set.sort();
    match set.is_empty() {
        true => "variables: none of OPENBLAS_*, MKL_*, OMP_* is set".to_owned(),
        false => format!("variables: {}", set.join(" ")),
    }
}

/// What a program says of its version.
fn first_line(program: &str, arguments: &[&str]) -> String {
    let arguments = if arguments.is_empty() { &["--version"] } else { arguments };
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().map_or_else(|| "not installed".to_owned(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_named_with_its_changes_or_not_known() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(commit(some("abc1234"), some("")), "abc1234");
        assert_eq!(commit(some("abc1234"), some("M bench/src/main.rs")), "abc1234 and changes");
        assert_eq!(commit(None, None), "unknown");
    }

    #[test]
    fn only_variables_that_libraries_read_are_told() {
        let told = |all: &[(&str, &str)]| {
            variables(all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
        };
        assert_eq!(told(&[("HOME", "/")]), "variables: none of OPENBLAS_*, MKL_*, OMP_* is set");
        let set = [("OMP_NUM_THREADS", "1"), ("HOME", "/"), ("MKL_ENABLE_INSTRUCTIONS", "AVX2")];
        assert_eq!(told(&set), "variables: MKL_ENABLE_INSTRUCTIONS=AVX2 OMP_NUM_THREADS=1");
    }
}
