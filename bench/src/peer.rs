//! A peer that can be timed: native code in a shared object, or a child process.
//!
//! Native peers export what `peers/peer.h` declares; they are called in this process, on its one thread. Children speak
//! lines: `time N` is answered by nanoseconds for N passes and then the last pass's outputs as 32-bit floats.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use rustix::time::{ClockId, clock_gettime};

use crate::aligned::{Layout, Steps};
use crate::ring::Ring;

/// Seconds that this process has been on a core, in all its threads: what other processes take from it is not counted,
/// what a library's own threads would take is.
pub(crate) fn seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// Something that computes a ring's steps and can be timed at it.
pub(crate) trait Peer {
    /// Seconds that `passes` passes take.
    ///
    /// # Errors
    ///
    /// Why it gave none.
    fn time(&mut self, passes: usize) -> Result<f64, String>;

    /// What the last timed pass computed.
    fn outputs(&self) -> &Steps<f32>;

    /// The library behind it, with version and code path.
    fn about(&self) -> &str;

    /// A new round begins.
    fn next_round(&mut self) {}
}

/// How a native peer goes through the ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A call for each step.
    Step,
    /// One call for all steps.
    Run,
}

/// Native code.
pub(crate) struct Native {
    step: unsafe extern "C" fn(*const c_void, *mut f32),
    run: unsafe extern "C" fn(*const c_void, usize, *mut f32),
    reset: unsafe extern "C" fn(),
    close: unsafe extern "C" fn(),
    mode: Mode,
    steps: usize,
    inputs: Steps<u32>,
    outputs: Steps<f32>,
    about: String,
    /// Holds the functions: let go last.
    _library: Library,
}

/// Symbols of a peer's libraries are looked for in them first: MKL and OpenBLAS both have a `cblas_sgemv`.
const RTLD_DEEPBIND: c_int = 8;

impl Native {
    /// Loads a peer compiled for the ring's network.
    ///
    /// # Errors
    ///
    /// Why it can't be loaded, or did not take the weights.
    #[allow(unsafe_code)]
    pub(crate) fn open(object: &Path, weights: &Path, ring: &Ring, mode: Mode) -> Result<Native, String> {
        let text = |error: libloading::Error| error.to_string();
        let layout = if mode == Mode::Step { Layout::Apart } else { Layout::InARow };
        // SAFETY: the object was compiled from the bench's own sources, whose constructors do nothing; the libraries
        // that it needs are those it was linked with.
        let library =
            unsafe { Library::open(Some(object), RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND) }.map_err(text)?;
        // SAFETY: the types are those of peers/peer.h, and `library` lives as long as the functions.
        let peer = unsafe {
            let open =
                library.get::<unsafe extern "C" fn(*const c_char) -> c_int>(b"peer_open").map_err(text)?;
            let about =
                library.get::<unsafe extern "C" fn() -> *const c_char>(b"peer_about").map_err(text)?;
            let path =
                CString::new(weights.as_os_str().as_encoded_bytes()).map_err(|error| error.to_string())?;
            match open(path.as_ptr()) {
                0 => {}
                code => return Err(format!("the peer did not take the weights (code {code})")),
            }
            Native {
                about: CStr::from_ptr(about()).to_string_lossy().trim().to_owned(),
                step: *library.get(b"peer_step").map_err(text)?,
                run: *library.get(b"peer_run").map_err(text)?,
                reset: *library.get(b"peer_reset").map_err(text)?,
                close: *library.get(b"peer_close").map_err(text)?,
                mode,
                steps: ring.steps,
                inputs: Steps::of(&ring.inputs, ring.input_words, layout),
                outputs: Steps::new(ring.steps, ring.output_len, layout, 0.0),
                _library: library,
            }
        };
        Ok(peer)
    }
}

impl Peer for Native {
    #[allow(unsafe_code)]
    fn time(&mut self, passes: usize) -> Result<f64, String> {
        self.outputs.fill(f32::NAN);
        let start = seconds();
        for _ in 0..passes {
            // SAFETY: a peer reads `input_words` words and writes `output_len` floats a step; each step's vectors hold
            // that many, and those of a run stand in a row.
            unsafe {
                (self.reset)();
                match self.mode {
                    Mode::Step => {
                        for (input, output) in self.inputs.iter().zip(self.outputs.iter_mut()) {
                            (self.step)(input.as_ptr().cast(), output.as_mut_ptr());
                        }
                    }
                    Mode::Run => {
                        (self.run)(self.inputs.as_ptr().cast(), self.steps, self.outputs.as_mut_ptr());
                    }
                }
            }
        }
        Ok(seconds() - start)
    }

    fn outputs(&self) -> &Steps<f32> {
        &self.outputs
    }

    fn about(&self) -> &str {
        &self.about
    }
}

impl Drop for Native {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        // SAFETY: nothing is called after.
        unsafe { (self.close)() }
    }
}

/// A process that times itself.
pub(crate) struct Process {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    outputs: Steps<f32>,
    about: String,
}

impl Process {
    /// Starts it; it answers `ready` and what it is.
    ///
    /// # Errors
    ///
    /// Why it did not start.
    pub(crate) fn start(command: &mut Command, ring: &Ring) -> Result<Process, String> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", command.get_program().to_string_lossy()))?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the process has no pipes".to_owned());
        };
        let outputs = Steps::new(ring.steps, ring.output_len, Layout::Apart, 0.0);
        let mut process = Process { child, to, from: BufReader::new(from), outputs, about: String::new() };
        let line = process.line()?;
        match line.strip_prefix("ready ") {
            Some(about) => process.about = about.to_owned(),
            None => return Err(format!("said `{line}` instead of `ready`")),
        }
        Ok(process)
    }

    fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        match self.from.read_line(&mut line) {
            Ok(0) => {
                let mut said = String::new();
                if let Some(mut errors) = self.child.stderr.take() {
                    let _ = errors.read_to_string(&mut said);
                }
                Err(said.lines().last().unwrap_or("the process ended without a word").to_owned())
            }
            Ok(_) => Ok(line.trim_end().to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Peer for Process {
    fn time(&mut self, passes: usize) -> Result<f64, String> {
        self.outputs.fill(f32::NAN);
        writeln!(self.to, "time {passes}")
            .and_then(|()| self.to.flush())
            .map_err(|error| error.to_string())?;
        let line = self.line()?;
        let nanoseconds: f64 = line.parse().map_err(|_| format!("said `{line}` instead of nanoseconds"))?;
        let mut bytes = vec![0_u8; 4 * self.outputs.elements()];
        self.from.read_exact(&mut bytes).map_err(|error| error.to_string())?;
        for (output, word) in self.outputs.iter_mut().flatten().zip(bytes.chunks_exact(4)) {
            *output = f32::from_le_bytes([word[0], word[1], word[2], word[3]]);
        }
        Ok(nanoseconds / 1e9)
    }

    fn outputs(&self) -> &Steps<f32> {
        &self.outputs
    }

    fn about(&self) -> &str {
        &self.about
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It ends by itself when its input does; a child that is gone already is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
