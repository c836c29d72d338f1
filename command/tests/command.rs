//! The command's transcripts: what it prints, what it writes, how it exits; and the README's own commands.

#[test]
fn transcripts() {
    trycmd::TestCases::new().case("tests/command/*.md");
}
