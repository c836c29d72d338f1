//! What crates that are published bring along: the licences, what they are for, and only tests that run without the
//! repository.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn published_crates_are_whole() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut seen = 0;
    for entry in fs::read_dir(root).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(manifest) = fs::read_to_string(folder.join("Cargo.toml")) else { continue };
        if !manifest.contains("[package]") || manifest.contains("publish = false") {
            continue;
        }
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["package", "--list", "--allow-dirty", "--offline"]).current_dir(&folder);
        let output = cargo.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let files = String::from_utf8(output.stdout).unwrap();
        for file in ["LICENSE-MIT", "LICENSE-APACHE", "README.md"] {
            assert!(files.lines().any(|line| line == file), "{} lacks {file}", folder.display());
        }
        for key in ["readme = ", "keywords = ", "categories = "] {
            assert!(manifest.contains(key), "{}: no {key}", folder.display());
        }
        for test in files.lines().filter(|line| line.starts_with("tests/") && line.ends_with(".rs")) {
            let text = fs::read_to_string(folder.join(test)).unwrap();
            let outside = ["../tests/", "../python/", "../docs"].into_iter().find(|path| text.contains(path));
            assert_eq!(outside, None, "{}/{test}", folder.display());
        }
        seen += 1;
    }
    assert_eq!(seen, 6);
}
