//! `dopec MODEL --emit ...`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use dopec::files::Contents;
use dopec::tune::Options;
use dopec::{DataForm, Emit, Faults, Settings, Target, files, tune};

use crate::arguments::{self, Compile, Shape};

/// Compiles, and writes, prints or compares.
pub(crate) fn run(options: &Compile) -> Result<ExitCode, Faults> {
    let model = options.model.clone().unwrap_or_default();
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
    if options.tune {
        let effort =
            Options { toolchain: crate::c(&options.cflags), progress: crate::progress(), ..Options::new() };
        let (tuned, _) = files::with_source(&model, |source| tune::tune(source, &settings, &effort));
        files::write(&[(files::lock_path(&model), &tuned?.text.as_bytes())])?;
    }
    let (compiled, read) = files::with_source(&model, |source| dopec::compile(source, &settings));
    let compiled = compiled?;
    if settings.emit == [Emit::Ir] && options.output.is_none() && !options.check {
        return crate::print(compiled.program.to_string().as_bytes());
    }
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
    let outputs = compiled.files();
    let mut outputs: Vec<(PathBuf, &dyn Contents)> =
        outputs.iter().map(|file| (folder.join(&file.name), file as &dyn Contents)).collect();
    let (text, bytes);
    if let Some(depfile) = &options.depfile {
        text = depfile_text(outputs.iter().map(|(path, _)| path.as_path()), &read);
        bytes = text.as_bytes();
        outputs.push((depfile.clone(), &bytes));
    }
    files::write(&outputs)?;
    Ok(ExitCode::SUCCESS)
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
    let [batch, run_block] =
        [shape.batch, shape.run_block].map(|number| number.map(|number| number as usize));
    let (unroll_limit, lock) = (shape.unroll_limit, !shape.no_lock);
    Settings { emit, unroll_limit, data, target, batch, run_block, lock, ..Settings::default() }
        .for_model(model)
}

/// A rule of make: the outputs depend on the files that were read.
fn depfile_text<'p>(targets: impl Iterator<Item = &'p Path>, read: &[PathBuf]) -> String {
    let escaped = |path: &Path| {
        path.display()
            .to_string()
            .replace('$', "$$")
            .replace('\\', "\\\\")
            .replace(' ', "\\ ")
            .replace('#', "\\#")
    };
    let targets: Vec<String> = targets.map(escaped).collect();
    let read: Vec<String> = read.iter().map(|path| escaped(path)).collect();
    format!("{}: {}\n", targets.join(" "), read.join(" "))
}
