//! Building peers: sources of `bench/peers`, and what dopec emits, into shared objects.
//!
//! Takes a case's shapes and a [`Spec`]; gives the path of a shared object that exports what `peers/peer.h` declares, or
//! why there is none: a library that is not installed, a compiler that is missing. Objects of one shape are built once.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::process::Command;

use dopec::export::{Exported, Storage, export};
use dopec::model::{InputKind, Model};
use dopec::{DataForm, Emit, Settings, Source, Target, emit, lower, tune};

/// Blocks of each way while a model is tuned: fewer than `--tune` takes by itself, since a whole model is built for each.
const TUNE_ROUNDS: usize = 11;

/// A library that a peer stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// None.
    Nothing,
    /// MKL, from PyPI.
    Mkl,
    /// OpenBLAS, from the system.
    OpenBlas,
    /// Eigen, from the system.
    Eigen,
}

/// A native peer.
#[derive(Debug)]
pub(crate) struct Spec {
    /// Its source, a file of `bench/peers`.
    pub(crate) source: &'static str,
    /// The compiler's flags, beside those that name the processor.
    pub(crate) flags: &'static [&'static str],
    /// What it stands on.
    pub(crate) needs: Needs,
}

/// The two languages that dopec emits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// Compiled by gcc -O3.
    C,
    /// Compiled by rustc -O.
    Rust,
}

/// The folder of this crate.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The interpreter that `setup.sh` leaves.
pub(crate) fn python() -> PathBuf {
    root().join(".venv/bin/python")
}

/// Where objects are built, and those that were.
pub(crate) struct Workshop {
    folder: PathBuf,
    target: Target,
    built: HashMap<(String, &'static str, String), Result<PathBuf, String>>,
}

impl Workshop {
    /// Builds in `folder`, dopec's code for `target` and peers for the same or, where it is any, for this machine.
    pub(crate) fn new(folder: &Path, target: Target) -> Workshop {
        Workshop { folder: folder.to_owned(), target, built: HashMap::new() }
    }

    /// How dopec compiles what is measured: tables in a file beside the source, which changes where the compiler reads them
    /// from and nothing else.
    pub(crate) fn settings(&self, language: Language) -> Settings {
        let form = if language == Language::Rust { Emit::Rust } else { Emit::C };
        Settings { emit: vec![form], data: DataForm::Incbin, target: self.target, ..Settings::default() }
    }

    fn new_folder(&self) -> io::Result<PathBuf> {
        let name = (0_usize..).map(|i| self.folder.join(format!("object{i}")));
        let Some(folder) = name.into_iter().find(|folder| !folder.exists()) else { unreachable!() };
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// A peer for a network's shapes.
    pub(crate) fn native(&mut self, spec: &'static Spec, shape: &str) -> Result<PathBuf, String> {
        let key = (shape.to_owned(), spec.source, spec.flags.join(" ") + &format!("{:?}", spec.needs));
        if let Some(built) = self.built.get(&key) {
            return built.clone();
        }
        let built = self.build_native(spec, shape);
        self.built.insert(key, built.clone());
        built
    }

    fn build_native(&self, spec: &Spec, shape: &str) -> Result<PathBuf, String> {
        let folder = self.new_folder().map_err(|error| error.to_string())?;
        fs::write(folder.join("shape.h"), shape).map_err(|error| error.to_string())?;
        let source = root().join("peers").join(spec.source);
        let compiler = if spec.source.ends_with(".cpp") { "g++" } else { "gcc" };
        let mut command = Command::new(compiler);
        command
            .args(if compiler == "gcc" { ["-std=gnu11"] } else { ["-std=gnu++17"] })
            .args(["-march=native", "-fPIC", "-shared", "-fvisibility=hidden", "-w", "-I."])
            .args(if self.target == Target::Avx2 { &["-mno-avx512f"][..] } else { &[] })
            .args(spec.flags)
            .arg("-I")
            .arg(root().join("../runtime-c/include"))
            .arg(source)
            .args(["-o", "peer.so"])
            .args(libraries(spec.needs)?)
            .arg("-lm")
            .current_dir(&folder);
        run(&mut command)?;
        Ok(folder.join("peer.so"))
    }

    /// What dopec emits for a model, or for so many streams of it at once.
    pub(crate) fn ours(
        &self,
        model: &Model,
        language: Language,
        shape: &str,
        streams: usize,
    ) -> Result<PathBuf, String> {
        let folder = self.new_folder().map_err(|error| error.to_string())?;
        let settings = Settings { batch: (streams > 1).then_some(streams), ..self.settings(language) };
        self.emit_and_build(model, language, shape, &settings, &folder)?;
        Ok(folder.join("peer.so"))
    }

    /// What dopec emits in C for a model that `--tune` was run on here: by the choices that its lock file would hold.
    pub(crate) fn tuned(&self, model: &Model, shape: &str) -> Result<PathBuf, String> {
        let Exported { json, weights } = export(model, &Default::default(), Storage::Beside, "weights");
        let open = |_: &str| {
            let bytes = weights.as_ref().map(|(_, bytes)| bytes.clone());
            bytes.ok_or_else(|| io::Error::other("the model has no weights file"))
        };
        let source = Source { file: "model.json", json: json.as_bytes(), open: &open, lock: None };
        let options = tune::Options { rounds: TUNE_ROUNDS, ..tune::Options::new() };
        let settings = self.settings(Language::C);
        let tuned = tune::tune(&source, &settings, &options).map_err(|faults| faults.to_string())?;
        let folder = self.new_folder().map_err(|error| error.to_string())?;
        let settings = Settings { choices: Some(tuned.choices), ..settings };
        self.emit_and_build(model, Language::C, shape, &settings, &folder)?;
        Ok(folder.join("peer.so"))
    }

    fn emit_and_build(
        &self,
        model: &Model,
        language: Language,
        shape: &str,
        settings: &Settings,
        folder: &Path,
    ) -> Result<(), String> {
        let program = lower::lower(model.clone(), settings);
        let write = || -> io::Result<()> {
            for file in emit::emit(&program, settings) {
                let name = if file.name.ends_with(".rs") { "model.rs" } else { &file.name };
                file.write_to(&mut BufWriter::new(File::create(folder.join(name))?))?;
            }
            let wrapper = if language == Language::Rust { "ours.rs" } else { "ours.c" };
            fs::copy(root().join("peers").join(wrapper), folder.join(wrapper))?;
            fs::write(folder.join("shape.h"), shape)
        };
        write().map_err(|error| error.to_string())?;
        let mut command = match language {
            Language::C => Command::new("gcc"),
            Language::Rust => Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into())),
        };
        command.current_dir(folder);
        match language {
            Language::C => {
                command.args(["-std=gnu11", "-O3", "-fPIC", "-shared", "-fvisibility=hidden", "-I."]);
                command.arg("-I").arg(root().join("peers")).arg(format!("-DMODEL={}", model.name));
                command.args(["ours.c", &format!("{}.c", model.name), "-o", "peer.so"]);
            }
            Language::Rust => {
                command.args(["--edition", "2024", "-O", "--crate-type", "cdylib", "--cap-lints", "allow"]);
                if matches!(model.input(), InputKind::Token { .. }) {
                    command.args(["--cfg", "tokens"]);
                }
                if settings.batch.is_some() {
                    command.args(["--cfg", "streams"]);
                }
                command.args(["ours.rs", "-o", "peer.so"]);
            }
        }
        run(&mut command)
    }
}

/// The arguments that a library needs.
fn libraries(needs: Needs) -> Result<Vec<String>, String> {
    let text = |path: &Path| path.display().to_string();
    match needs {
        Needs::Nothing => Ok(Vec::new()),
        Needs::Mkl => {
            let folder = root().join(".venv/lib");
            let library = fs::read_dir(&folder)
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.path())
                .find(|path| {
                    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libmkl_rt.so"))
                })
                .ok_or("MKL is not installed; bench/setup.sh fetches it")?;
            let include = format!("-I{}", text(&root().join(".venv/include")));
            Ok(vec!["-DMKL".to_owned(), include, text(&library), format!("-Wl,-rpath,{}", text(&folder))])
        }
        Needs::OpenBlas => {
            // Debian keeps a flavour's headers in folders of their own; some have them nowhere else.
            let mut include = Vec::new();
            for folder in ["/usr/include", "/usr/include/x86_64-linux-gnu", "/usr/include/aarch64-linux-gnu"]
            {
                for part in ["openblas", "openblas-pthread", "openblas-serial"] {
                    let path = Path::new(folder).join(part);
                    if path.join("cblas.h").exists() {
                        include.push(format!("-I{}", text(&path)));
                    }
                }
            }
            include.push("-lopenblas".to_owned());
            Ok(include)
        }
        Needs::Eigen => Ok(vec!["-I/usr/include/eigen3".to_owned()]),
    }
}

/// Runs a compiler or its like.
///
/// # Errors
///
/// The first error that it tells of.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name} could not be started: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = said
        .lines()
        .find(|line| line.to_lowercase().contains("error"))
        .or(said.lines().next())
        .unwrap_or("no reason given");
    Err(format!("{name} failed: {line}"))
}
