//! How large a network may be: its form → nothing, or a fault before memory is asked for.
//!
//! While it is trained a matrix is held whole, whatever its structure, and so is its S: what counts are the values of the
//! dense matrices.

use dopec::Faults;
use dopec_trainer::NetworkSpec;

use super::faults::fault;
use super::source::matrices;

/// Values that the matrices of a network may have. With gradients and moments they take some 20 GB.
const MOST: u128 = 1 << 30;

/// Refuses too large a network, made by the options or read from a model.
pub(super) fn sound(spec: &mut NetworkSpec, from_model: bool) -> Result<(), Faults> {
    let all = spec.layers.iter_mut().flat_map(matrices);
    let values: u128 = all.map(|(_, rows, cols)| rows as u128 * cols as u128).sum();
    if values <= MOST {
        return Ok(());
    }
    let (place, help) = match from_model {
        true => ("--from", "give a smaller model"),
        false => ("--hidden", "give a smaller --hidden, --layers, --embedding or --vocabulary"),
    };
    let expected =
        format!("matrices of at most {MOST} values together, dense as they are while they are trained");
    let title = "the network is too large to be trained";
    Err(fault(place, title, &expected, &format!("{values}"), help))
}
