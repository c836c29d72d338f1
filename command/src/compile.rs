//! `dopec MODEL --emit ...`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use dopec::files::Contents;
use dopec::tune::Options;
use dopec::{Compiled, DataForm, Emit, Faults, Settings, Source, Target, files, ingest, tune};

use crate::arguments::{self, Compile, Computation, Shape};

/// Compiles, and writes, prints or compares.
pub(crate) fn run(options: &Compile) -> Result<ExitCode, Faults> {
    let model = options.model.clone().unwrap_or_default();
    if let Some(more) = options.more.first() {
        let title = format!("two models are given: this one and `{}`", more.display());
        let help = "compile one at a time; `dopec --help` lists the commands";
        return Err(Faults::plain(model.display().to_string(), title, help).of_the_request());
    }
    let mut emit: Vec<Emit> = Vec::new();
    for form in &options.emit {
        let form = match form {
            arguments::Emit::C => Emit::C,
            arguments::Emit::Rust => Emit::Rust,
            arguments::Emit::Ir => Emit::Ir,
        };
        if !emit.contains(&form) {
            emit.push(form);
        }
    }
    let settings = settings(&model, &options.shape, emit);
    let printed = settings.emit == [Emit::Ir] && options.output.is_none();
    for (option, given) in [("--check", options.check), ("--depfile", options.depfile.is_some())] {
        if printed && given {
            let title = format!("`--emit ir` alone goes to stdout, and {option} is for files");
            let help = format!("give a folder with -o, or leave {option} out");
            return Err(Faults::plain(option, title, help).of_the_request());
        }
    }
    let mut lock = None;
    let (compiled, mut read) = files::with_source(&model, |source| {
        if !options.tune {
            return dopec::compile(source, &settings);
        }
        let (compiled, tuned) = tuned(source, &settings, options)?;
        lock = Some(tuned);
        Ok(compiled)
    });
    let compiled = compiled?;
    let folder = options.output.clone().unwrap_or_default();
    if options.check {
        let stale = files::out_of_date(&folder, &compiled.files());
        for path in &stale {
            let what = if path.exists() { "differs from what the model gives" } else { "is missing" };
            eprintln!("{}: {what}", path.display());
        }
        if !stale.is_empty() {
            eprintln!("out of date: run the same command without --check");
        }
        return Ok(ExitCode::from(u8::from(!stale.is_empty())));
    }
    let emitted = if printed { Vec::new() } else { compiled.files() };
    let mut outputs: Vec<(PathBuf, &dyn Contents)> =
        emitted.iter().map(|file| (folder.join(&file.name), file as &dyn Contents)).collect();
    // The outputs are made from the lock file that is written with them, and not from the one that it replaces.
    let lock_path = files::lock_path(&model);
    if lock.is_some() {
        read.retain(|path| *path != lock_path);
    }
    let (text, depfile, new_lock);
    if let Some(path) = &options.depfile {
        let mut sources = read.clone();
        sources.extend(lock.is_some().then(|| lock_path.clone()));
        text = depfile_text(outputs.iter().map(|(path, _)| path.as_path()), &sources);
        depfile = text.as_slice();
        outputs.push((path.clone(), &depfile));
    }
    if let Some(lock) = &lock {
        new_lock = lock.text.as_bytes();
        outputs.push((lock_path.clone(), &new_lock));
    }
    files::write_made_from(&read, &outputs)?;
    if let Some(lost) = lock.as_ref().and_then(|lock| lock.lost) {
        let (file, lost) = (lock_path.display(), lost.word());
        eprintln!("{file}: its choices for {lost} are replaced: a lock file holds those for one target");
    }
    match printed {
        true => crate::print(compiled.program.to_string().as_bytes()),
        false => Ok(ExitCode::SUCCESS),
    }
}

/// A new lock file.
struct Tuned {
    text: String,
    /// The target whose choices it replaces by those for another.
    lost: Option<Target>,
}

/// Tunes, and compiles with the lock file that came of it as if that stood beside the model already.
fn tuned(source: &Source<'_>, settings: &Settings, options: &Compile) -> Result<(Compiled, Tuned), Faults> {
    let old = ingest::replaced_lock(source)?;
    let effort =
        Options { toolchain: crate::c(&options.cflags), progress: crate::progress(), ..Options::new() };
    let tune::Tuned { choices, text, .. } = tune::tune(source, settings, &effort)?;
    let path = files::lock_path(Path::new(source.file));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let open = |file: &str| if file == name { Ok(text.clone().into_bytes()) } else { (source.open)(file) };
    let source = Source { open: &open, lock: Some(&name), ..*source };
    let compiled = dopec::compile(&source, settings)?;
    let lost = old.filter(|target| *target != choices.target);
    Ok((compiled, Tuned { text, lost }))
}

/// The library's settings.
pub(crate) fn settings(model: &Path, shape: &Shape, emit: Vec<Emit>) -> Settings {
    let data = match shape.data {
        arguments::Data::Source => DataForm::Source,
        arguments::Data::Numbers => DataForm::Numbers,
        arguments::Data::Incbin => DataForm::Incbin,
    };
    let target = match shape.target {
        arguments::Target::Any => Target::Any,
        arguments::Target::Portable => Target::Portable,
        arguments::Target::Avx2 => Target::Avx2,
        arguments::Target::Avx512 => Target::Avx512,
    };
    Settings { emit, data, target, ..computed(&shape.computation) }.for_model(model)
}

/// The library's settings of what is computed, and how.
pub(crate) fn computed(computation: &Computation) -> Settings {
    let [unroll_limit, batch, run_block] =
        [computation.unroll_limit, computation.batch, computation.run_block]
            .map(|number| number.map(|number| number as usize));
    let lock = !computation.no_lock;
    Settings { unroll_limit, batch, run_block, lock, ..Settings::default() }
}

/// A rule of make: the outputs depend on the files that were read. Paths stand there as the system has them, UTF-8 or not.
fn depfile_text<'p>(targets: impl Iterator<Item = &'p Path>, read: &[PathBuf]) -> Vec<u8> {
    let mut text = Vec::new();
    for (i, target) in targets.enumerate() {
        text.extend(if i > 0 { " " } else { "" }.bytes());
        escape(target, &mut text);
    }
    text.push(b':');
    for path in read {
        text.push(b' ');
        escape(path, &mut text);
    }
    text.push(b'\n');
    text
}

/// Writes a path as make reads it.
fn escape(path: &Path, out: &mut Vec<u8>) {
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'$' => out.push(b'$'),
            b'\\' | b' ' | b'#' => out.push(b'\\'),
            _ => {}
        }
        out.push(byte);
    }
}
