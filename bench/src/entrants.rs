//! Who is measured: the table of peers, and how each is brought up for a case.

use std::path::Path;
use std::process::Command;
use std::rc::Rc;

use dopec::model::Model;

use crate::copies::Copies;
use crate::measure::Outcome;
use crate::models;
use crate::peer::{Mode, Native, Peer, Process};
use crate::ring::{OWN_TOLERANCE, Ring, TOLERANCE};
use crate::toolchain::{Language, Needs, Spec, Workshop, python, root};

/// What a peer computes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    /// dopec's code for the doped model.
    Ours,
    /// Every weight, one product of a matrix and a vector after another.
    Dense,
    /// A framework's own LSTM, every weight, a step a call.
    Framework,
    /// The same with all steps known at once: products of matrices and matrices where the state has no part.
    Sequence,
    /// The sparse matrix alone.
    Sparse,
    /// The doped model by plain loops.
    Plain,
    /// MKL's handle: the peer that the sparse parts are held against.
    MklSparse,
}

/// Whose code it is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum How {
    /// A source of `bench/peers`.
    Native(&'static Spec),
    /// The same, for several streams whose elements stand side by side: `[element][stream]`.
    SideBySide(&'static Spec),
    /// What dopec emits.
    Ours(Language, Mode),
    /// What dopec emits in C after `--tune` on this machine.
    Tuned,
    /// What dopec emits in C for the model stored whole.
    OursDense,
    /// onnxruntime in a process of its own: one call a step, or one for the whole ring.
    Onnx(Mode),
    /// tract, a step a call.
    Tract,
}

/// A peer by its name in the tables.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entrant {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it computes with.
    pub(crate) role: Role,
    /// Whose code.
    pub(crate) how: How,
}

macro_rules! entrants {
    ($($id:ident = $name:literal, $role:ident, $how:expr;)*) => {
        $(pub(crate) const $id: Entrant = Entrant { name: $name, role: Role::$role, how: $how };)*
    };
}

macro_rules! side_by_side {
    ($source:literal, $needs:ident, $flags:expr) => {
        How::SideBySide(&Spec { source: $source, flags: &$flags, needs: Needs::$needs })
    };
}

macro_rules! native {
    ($source:literal, $needs:ident, $flags:expr) => {
        How::Native(&Spec { source: $source, flags: &$flags, needs: Needs::$needs })
    };
}

entrants! {
    OURS = "dopec, C", Ours, How::Ours(Language::C, Mode::Step);
    OURS_TUNED = "dopec, C, tuned", Ours, How::Tuned;
    OURS_RUST = "dopec, Rust", Ours, How::Ours(Language::Rust, Mode::Step);
    OURS_RUN = "dopec, C, `run`", Ours, How::Ours(Language::C, Mode::Run);
    OURS_DENSE = "dopec, dense model", Dense, How::OursDense;
    HAND = "gemv by hand", Dense, native!("dense_hand.c", Nothing, ["-O3"]);
    MKL = "MKL sgemv", Dense, native!("blas.c", Mkl, ["-O3"]);
    MKL_COLUMNS = "MKL sgemv, by columns", Dense, native!("blas.c", Mkl, ["-O3", "-DBY_COLUMNS"]);
    OPENBLAS = "OpenBLAS sgemv", Dense, native!("blas.c", OpenBlas, ["-O3"]);
    OPENBLAS_COLUMNS = "OpenBLAS sgemv, by columns", Dense, native!("blas.c", OpenBlas, ["-O3", "-DBY_COLUMNS"]);
    EIGEN = "Eigen", Dense, native!("eigen_dense.cpp", Eigen, ["-O3", "-DNDEBUG"]);
    EIGEN_COLUMNS = "Eigen, by columns", Dense, native!("eigen_dense.cpp", Eigen, ["-O3", "-DNDEBUG", "-DBY_COLUMNS"]);
    ONNX = "onnxruntime, a step a call", Framework, How::Onnx(Mode::Step);
    ONNX_RUN = "onnxruntime, all steps in a call", Sequence, How::Onnx(Mode::Run);
    TRACT = "tract, a step a call", Framework, How::Tract;
    PLAIN = "plain loops", Plain, native!("plain.c", Nothing, ["-O3"]);
    PLAIN_FAST = "plain loops, -ffast-math", Plain, native!("plain.c", Nothing, ["-O3", "-ffast-math"]);
    CSR = "CSR loop", Plain, native!("plain.c", Nothing, ["-O3"]);
    CSR_FAST = "CSR loop, -ffast-math", Plain, native!("plain.c", Nothing, ["-O3", "-ffast-math"]);
    MKL_SPARSE = "MKL sparse, optimised handle", MklSparse, native!("mkl_sparse.c", Mkl, ["-O3"]);
    MKL_STREAMS = "MKL sparse × dense, [stream][element]", MklSparse, native!("mkl_sparse.c", Mkl, ["-O3", "-DBY_STREAMS"]);
    MKL_SIDE_BY_SIDE = "MKL sparse × dense, [element][stream]", MklSparse, side_by_side!("mkl_sparse.c", Mkl, ["-O3"]);
    LOOP_SIDE_BY_SIDE = "CSR loop × dense, [element][stream]", Plain, side_by_side!("plain.c", Nothing, ["-O3"]);
    EIGEN_SPARSE = "Eigen sparse, by rows", Sparse, native!("eigen_sparse.cpp", Eigen, ["-O3", "-DNDEBUG"]);
    EIGEN_SPARSE_COLUMNS = "Eigen sparse, by columns", Sparse, native!("eigen_sparse.cpp", Eigen, ["-O3", "-DNDEBUG", "-DBY_COLUMNS"]);
}

/// The peers of dense networks.
pub(crate) const DENSE: [Entrant; 8] =
    [HAND, OURS_DENSE, MKL, MKL_COLUMNS, OPENBLAS, OPENBLAS_COLUMNS, EIGEN, EIGEN_COLUMNS];
/// Frameworks.
pub(crate) const FRAMEWORKS: [Entrant; 3] = [ONNX, ONNX_RUN, TRACT];
/// Doped networks by plain loops.
pub(crate) const PLAINS: [Entrant; 2] = [PLAIN, PLAIN_FAST];
/// A sparse matrix alone.
pub(crate) const SPARSE: [Entrant; 5] = [MKL_SPARSE, EIGEN_SPARSE, EIGEN_SPARSE_COLUMNS, CSR, CSR_FAST];

/// A sparse matrix times several vectors at once.
pub(crate) const STREAMS: [Entrant; 5] = [OURS, OURS_RUST, MKL_STREAMS, MKL_SIDE_BY_SIDE, LOOP_SIDE_BY_SIDE];

/// How an entrant fared in a case.
pub(crate) struct Standing {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it computes with.
    pub(crate) role: Role,
    /// The library behind it, where it came up.
    pub(crate) about: String,
    /// What came of it.
    pub(crate) outcome: Outcome,
}

/// What an entrant is brought up with.
pub(crate) struct Stand<'a> {
    /// Builds.
    pub(crate) workshop: &'a mut Workshop,
    /// The network.
    pub(crate) model: &'a Model,
    /// Its shapes, as `shape.h`.
    pub(crate) shape: &'a str,
    /// How many streams take a step at once.
    pub(crate) streams: usize,
    /// Its weights and the ring's inputs, as a file.
    pub(crate) weights: &'a Path,
    /// What it is fed.
    pub(crate) ring: &'a Rc<Ring>,
}

impl Entrant {
    /// The largest error allowed.
    pub(crate) fn tolerance(&self) -> f64 {
        if self.role == Role::Ours { OWN_TOLERANCE } else { TOLERANCE }
    }

    /// Whether it takes the streams of a step side by side.
    pub(crate) fn side_by_side(&self) -> bool {
        matches!(self.how, How::SideBySide(_))
    }

    /// Brings the peer up.
    ///
    /// # Errors
    ///
    /// Why it can't be: what is not installed, or how building it failed.
    pub(crate) fn start(&self, stand: &mut Stand<'_>) -> Result<Box<dyn Peer>, String> {
        let (object, mode) = match self.how {
            How::Native(spec) | How::SideBySide(spec) => {
                let object = stand.workshop.native(spec, stand.shape)?;
                return Ok(Box::new(Native::open(&object, stand.weights, stand.ring, Mode::Step)?));
            }
            How::Ours(language, mode) => {
                (stand.workshop.ours(stand.model, language, stand.shape, stand.streams)?, mode)
            }
            How::Tuned => (stand.workshop.tuned(stand.model, stand.shape)?, Mode::Step),
            How::OursDense => {
                let dense = models::dense(stand.model);
                (stand.workshop.ours(&dense, Language::C, stand.shape, stand.streams)?, Mode::Step)
            }
            How::Onnx(mode) => return onnx(mode, stand),
            How::Tract => return tract(stand),
        };
        Ok(Box::new(Copies::open(&object, stand.weights, stand.ring, mode)?))
    }
}

fn onnx(mode: Mode, stand: &Stand<'_>) -> Result<Box<dyn Peer>, String> {
    if !python().exists() {
        return Err("onnxruntime is not installed; bench/setup.sh fetches it".to_owned());
    }
    let mut command = Command::new(python());
    command
        .arg(root().join("peers/onnx_peer.py"))
        .args([stand.weights.as_os_str(), if mode == Mode::Step { "step" } else { "run" }.as_ref()])
        .envs([("OMP_NUM_THREADS", "1"), ("OPENBLAS_NUM_THREADS", "1")]);
    Ok(Box::new(Process::start(&mut command, stand.ring)?))
}

#[cfg(feature = "tract")]
fn tract(stand: &Stand<'_>) -> Result<Box<dyn Peer>, String> {
    if !python().exists() {
        return Err("the ONNX model can't be written; bench/setup.sh fetches what writes it".to_owned());
    }
    let model = stand.weights.with_extension("onnx");
    let mut command = Command::new(python());
    command.arg(root().join("peers/onnx_peer.py")).arg(stand.weights).arg("write").arg(&model);
    crate::toolchain::run(&mut command)?;
    let tokens = matches!(stand.model.input(), dopec::model::InputKind::Token { .. });
    Ok(Box::new(crate::tract::Tract::open(&model, stand.ring, tokens)?))
}

#[cfg(not(feature = "tract"))]
fn tract(_stand: &Stand<'_>) -> Result<Box<dyn Peer>, String> {
    Err("left out; `--features tract` builds it in".to_owned())
}
