//! Options that would do nothing, beside the others that are given → refused, so that nobody believes that they did.
//!
//! What the options alone tell is told before any work, what depends on the network once it is built.

use dopec::Faults;
use dopec_trainer::Network;

use super::faults::fault;
use super::options::{Counted, Dropped, PruneOver, Structure, Train};
use super::plan::doping;

/// Refuses what the other options leave nothing to do.
pub(super) fn beside_others(options: &Train) -> Result<(), Faults> {
    let refuse = |name, title, help| Err(Faults::plain(name, title, help).of_the_request());
    if !options.factor_shapes.is_empty() && options.structure != Structure::Kronecker {
        let title = "shapes of Kronecker factors are given for another structure";
        return refuse("--factor-shapes", title, "leave them out, or give --structure kronecker");
    }
    if options.no_doping && options.structure == Structure::Pruned {
        let title = "a pruned matrix is S alone, and would be nothing without it";
        return refuse("--no-doping", title, "leave it out, or give --structure dense or another structure");
    }
    if options.counting != Counted::Values {
        let title = "there is no budget that anything is counted for";
        if options.from.is_some() && options.factor.is_none() {
            return refuse("--counting", title, "leave it out, or give --factor to prune the model further");
        }
        if options.from.is_none() && options.structure == Structure::Dense {
            return refuse("--counting", title, "leave it out, or give another --structure than dense");
        }
    }
    if options.cmr_granularity != Dropped::Matrix && options.cmr == 0.0 {
        let title = "there is no co-matrix dropout that could drop anything";
        return refuse("--cmr-granularity", title, "leave it out, or give --cmr, too");
    }
    Ok(())
}

/// Refuses what the network leaves nothing to do.
///
/// Co-matrix dropout is for the time in which the S of a doped matrix is dense, and ends as S comes to its target. Where S
/// is there from the start it would act to the last step instead.
pub(super) fn beside_network(options: &Train, network: &Network<f32>) -> Result<(), Faults> {
    let (prunes, doped) = doping(network);
    let from = options.from.is_some();
    let pruned = "an S with more non-zeros than it is to keep";
    if options.cmr != 0.0 && !doped {
        let title = "co-matrix dropout is for doped matrices, and here is none";
        let help = if from {
            "leave --cmr out, or give a model with doped matrices"
        } else {
            "leave --cmr out, or give --structure kronecker, low-rank or hybrid, without --no-doping"
        };
        return Err(fault("--cmr", title, "an S beside a structure", "none in any matrix", help));
    }
    if options.cmr != 0.0 && !prunes {
        let title = "co-matrix dropout is for an S that is pruned, and here none is";
        let help = "leave --cmr out, or give a --factor at which the model's S is pruned further";
        return Err(fault("--cmr", title, pruned, "none in any matrix", help));
    }
    if options.prune_over == PruneOver::All && !prunes {
        let help = if from {
            "leave --prune-over out, or give a --factor at which the model's S is pruned further"
        } else {
            "leave --prune-over out, or give a --structure that has an S"
        };
        return Err(fault("--prune-over", "nothing is pruned here", pruned, "none in any matrix", help));
    }
    Ok(())
}
