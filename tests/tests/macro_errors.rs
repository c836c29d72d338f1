//! The macro's errors: the command's text at the path in the user's source, and nothing else.

use std::fs;
use std::path::Path;

#[test]
fn faults_are_compile_errors_at_the_path() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The cases are compiled as a project of their own, from whose folder the macro's paths start.
    let project = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("tests/trybuild/dopec-tests");
    let models = project.join("models");
    fs::create_dir_all(&models).unwrap();
    for entry in fs::read_dir(here.join("macro-errors")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            fs::copy(&path, models.join(path.file_name().unwrap())).unwrap();
        }
    }
    let cases = trybuild::TestCases::new();
    cases.compile_fail("macro-errors/*.rs");
}
