//! The macro in use, and the same bytes from the same model.

use dopec::{Emit, OutputFile, Settings, Source};

doped::doped_model!("models/shakespeare_small.json");

#[test]
fn the_macro_gives_the_check_vectors() {
    let json = include_str!("../models/shakespeare_small.json");
    let open = |_: &str| Err(std::io::Error::other("no other file"));
    let model =
        dopec::read(&Source { file: "small", json: json.as_bytes(), open: &open, lock: None }).unwrap();
    let check = model.check.unwrap();
    let dopec::model::Steps::Tokens(tokens) = check.steps else { panic!("tokens go in") };
    let mut stream = shakespeare_small::Model::new();
    for (&token, expected) in tokens.iter().zip(&check.outputs) {
        for (found, expected) in stream.step(token).unwrap().iter().zip(expected) {
            assert!((f64::from(*found) - expected).abs() <= 1e-5 * expected.abs().max(1.0));
        }
    }
    assert_eq!(stream.step(65), Err(shakespeare_small::Error::Token(65)));
}

#[test]
fn folders_and_runs_change_no_byte() {
    let json = include_str!("../models/shakespeare_small.json");
    let settings = Settings { emit: vec![Emit::C, Emit::Rust, Emit::Ir], ..Settings::default() };
    let open = |_: &str| Err(std::io::Error::other("no other file"));
    let compile = |file| -> Vec<Vec<u8>> {
        let source = Source { file, json: json.as_bytes(), open: &open, lock: None };
        dopec::compile(&source, &settings).unwrap().files().iter().map(OutputFile::bytes).collect()
    };
    assert_eq!(compile("here/small.json"), compile("/there/below/small.json"));
}
