//! How long compiling takes, and how much memory: dopec itself, gcc on what it emits, a crate that uses the macro.
//!
//! `cargo bench -p dopec-tests --bench compile` prints a row for each: the median, the extremes and what is promised.
//! dopec runs in a process of its own, so that the peak of memory is that of one compilation.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use dopec::files::{self, Contents};
use dopec::{DataForm, Emit, Settings};
use dopec_tests::large;

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("--child") {
        let (model, data): (String, String) = (arguments.next().unwrap(), arguments.next().unwrap());
        return child(Path::new(&model), &data);
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let medium = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/shakespeare_medium.json");
    let made = large::two_layers("large", 1500, 0.04);
    let large = folder.join("large.json");
    std::fs::write(&large, &made.json).unwrap();
    std::fs::write(folder.join(&made.weights_file), &made.weights).unwrap();
    let size = (made.json.len() + made.weights.len()) as f64 / 1e6;
    println!("large: two layers of 1500 units, {} non-zeros, {size:.1} MB\n", made.nnz);

    let report_memory = |memory: f64| {
        let mark = if memory <= 4.0 * size { "" } else { "  MISSED" };
        println!("{:<44} {memory:>8.1} MB {:>19} {:>9.1} MB{mark}", "  its peak of memory", "", 4.0 * size);
    };
    let memory = Cell::new(0.0_f64);
    let dopec = |model: &Path, data: &str| {
        let own = std::env::current_exe().unwrap();
        let output =
            Command::new(own).arg("--child").arg(model).arg(data).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        memory.set(String::from_utf8_lossy(&output.stdout).trim().parse().unwrap());
    };
    row("medium model to C", 0.3, 11, &mut || dopec(&medium, "source"));
    row("large model to C", 2.0, 5, &mut || dopec(&large, "source"));
    report_memory(memory.get());
    row("gcc -O3 on it", 10.0, 3, &mut || gcc(folder));
    row("large model to C, --data incbin", 2.0, 5, &mut || dopec(&large, "incbin"));
    report_memory(memory.get());
    row("gcc -O3 on it", 2.0, 3, &mut || gcc(folder));
    for profile in ["dev", "release"] {
        let user = MacroUser::new(folder, profile, &medium);
        row(&format!("a crate with the medium model, {profile}"), 5.0, 3, &mut || user.build());
    }
}

/// Compiles a model to C in the current folder and prints the peak of memory in MB.
fn child(model: &Path, data: &str) {
    let data = if data == "incbin" { DataForm::Incbin } else { DataForm::Source };
    let settings = Settings { emit: vec![Emit::C], data, ..Settings::default() }.for_model(model);
    let compiled = files::with_source(model, |source| dopec::compile(source, &settings)).0.unwrap();
    let outputs = compiled.files();
    let outputs: Vec<(PathBuf, &dyn Contents)> =
        outputs.iter().map(|file| (PathBuf::from(&file.name), file as &dyn Contents)).collect();
    for (path, _) in &outputs {
        let _ = std::fs::remove_file(path);
    }
    files::write(&outputs).unwrap();
    // Where there is no such file, no figure is given.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|text| text.split_whitespace().next());
    println!("{}", peak.map_or(f64::NAN, |kilobytes| kilobytes.parse::<f64>().unwrap() * 1024.0 / 1e6));
}

fn gcc(folder: &Path) {
    let mut command = Command::new("gcc");
    run(command.args(["-std=c99", "-O3", "-I.", "-c", "large.c", "-o", "large.o"]).current_dir(folder));
}

/// A crate whose source changes before each build; its dependencies are built before.
struct MacroUser {
    folder: PathBuf,
    profile: String,
}

impl MacroUser {
    fn new(folder: &Path, profile: &str, model: &Path) -> MacroUser {
        let user = MacroUser { folder: folder.join(format!("user_{profile}")), profile: profile.to_owned() };
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        std::fs::create_dir_all(user.folder.join("src")).unwrap();
        let write = |name: &str, text: String| std::fs::write(user.folder.join(name), text).unwrap();
        write(
            "Cargo.toml",
            format!(
                "[package]\nname = \"user\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n\
                 [dependencies]\ndoped = {{ path = {:?} }}\n",
                root.join("macros")
            ),
        );
        write("src/lib.rs", format!("doped::doped_model!({model:?});\n"));
        std::fs::copy(root.join("Cargo.lock"), user.folder.join("Cargo.lock")).unwrap();
        user.build();
        user
    }

    fn build(&self) {
        let source = self.folder.join("src/lib.rs");
        let text = std::fs::read_to_string(&source).unwrap();
        std::fs::write(&source, format!("{text}// once more\n")).unwrap();
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        let command =
            command.args(["build", "--quiet", "--profile", &self.profile]).current_dir(&self.folder);
        run(command.env_remove("CARGO_TARGET_DIR"));
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Prints the seconds that `work` takes: the median, the extremes, and what is promised.
fn row(what: &str, promised: f64, runs: usize, work: &mut dyn FnMut()) {
    let mut seconds: Vec<f64> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    let (median, least, most) = (seconds[runs / 2], seconds[0], seconds[runs - 1]);
    let mark = if median <= promised { "" } else { "  MISSED" };
    println!("{what:<44} {median:>8.3} s ({least:>7.3} .. {most:>6.3}) {promised:>9.1} s{mark}");
}
