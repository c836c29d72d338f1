//! Helpers of the end-to-end tests.

pub mod large;
pub mod random;

/// What is said of a model that is wrong, every fault with a way to mend it. Of weights files there are two, and both are wrong.
///
/// # Panics
///
/// The model is right, or a fault has no help.
pub fn faults(json: &str) -> String {
    faults_of_bytes(json.as_bytes())
}

/// The same of a file that is perhaps no text.
pub fn faults_of_bytes(json: &[u8]) -> String {
    let open = |name: &str| match name {
        "lying.safetensors" => Ok(b"\xff\xff\xff\xff\xff\xff\xff\x7f{}".to_vec()),
        "short.safetensors" => Ok(b"\x40\0\0\0\0\0\0\0{\"a\":".to_vec()),
        _ => Err(std::io::Error::from(std::io::ErrorKind::NotFound)),
    };
    match dopec::read(&dopec::Source { file: "dir/tiny.json", json, open: &open, lock: None }) {
        Ok(_) => panic!("accepted: {}", String::from_utf8_lossy(json)),
        Err(faults) => {
            for fault in faults.faults() {
                assert!(fault.help.is_some(), "no help in\n{faults}");
            }
            faults.to_string()
        }
    }
}
