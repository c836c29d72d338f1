//! How large a network may be: options, or a model to go on from → nothing, or a fault before memory is asked for.
//!
//! While it is trained a matrix is held whole, whatever its structure, and so is its S: what counts are the values of the
//! dense matrices.

use dopec::Faults;
use dopec_trainer::NetworkSpec;

use super::faults::fault;
use super::options::{Cell, Structure, Train};
use super::source::matrices;

/// Values that the matrices of a network may have. With gradients and moments they take some 20 GB.
const MOST: u128 = 1 << 30;

/// Refuses options of too large a network: of so many inputs, features or tokens of a text, and outputs.
pub(super) fn of_options(
    options: &Train,
    inputs: usize,
    outputs: usize,
    embedding: Option<usize>,
) -> Result<(), Faults> {
    let [inputs, outputs, hidden, layers] = [inputs, outputs, options.hidden, options.layers].map(wide);
    let gates = if options.cell == Cell::Lstm { 4 } else { 3 };
    let (table, first) = match embedding.map(wide) {
        Some(size) => (inputs * size, size),
        None => (0, inputs),
    };
    let recurrent = gates * hidden * (first + hidden) + (layers - 1) * gates * hidden * 2 * hidden;
    let taken = match options.structure {
        // Its matrices are what the factor leaves.
        Structure::SmallerDense => (recurrent as f64 / super::network::factor(options)) as u128,
        _ => recurrent,
    };
    let help = "give a smaller --hidden, --layers, --embedding or --vocabulary";
    within(table + taken + hidden * outputs, "--hidden", help)
}

/// Refuses a model that is too large.
pub(super) fn of_model(spec: &mut NetworkSpec) -> Result<(), Faults> {
    let all = spec.layers.iter_mut().flat_map(matrices);
    let values = all.map(|(_, rows, cols)| wide(rows) * wide(cols)).sum();
    within(values, "--from", "give a smaller model")
}

fn within(values: u128, place: &str, help: &str) -> Result<(), Faults> {
    if values <= MOST {
        return Ok(());
    }
    let expected =
        format!("matrices of at most {MOST} values together, dense as they are while they are trained");
    let title = "the network is too large to be trained";
    Err(fault(place, title, &expected, &format!("{values}"), help))
}

fn wide(extent: usize) -> u128 {
    extent as u128
}
