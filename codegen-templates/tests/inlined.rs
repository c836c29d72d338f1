//! Every kernel says that it is inlined, always or where that pays: the emitter puts a family's instructions where
//! `#[inline]` stands, and inlined code has them from its caller. What says neither would be compiled without them. A trait's
//! own lines have no code.

use std::fs;
use std::path::Path;

#[test]
fn every_kernel_has_its_callers_instructions() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rust/kernels");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let mut inlined = false;
        for line in text.lines().map(str::trim_start) {
            let words = ["pub(super) ", "const ", "unsafe "];
            let rest = words.iter().fold(line, |rest, word| rest.strip_prefix(word).unwrap_or(rest));
            if rest.starts_with("fn ") && !line.ends_with(';') {
                assert!(inlined, "{}: {line}", path.display());
                seen += 1;
            }
            inlined = line.starts_with("#[inline") || inlined && line.starts_with(['#', '/']);
        }
    }
    assert!(seen > 80, "{seen} functions");
}
