//! Sequences that can be read, but may not be what is meant: their classes, and the scale of their numbers.
//!
//! What can't be meant is a fault; what may be is told on stderr, and the run goes on.

use dopec::Faults;
use dopec_cli::data::{Sequences, Targets};

use super::faults::fault;
use super::progress::{short, tell};

/// Classes of a message that says which do not occur.
const SHOWN: usize = 5;

/// Two classes at least are there; classes that never occur are told, and most may not be such. `fresh`: the network is
/// made for these classes, and has no others that it knows from before.
pub(super) fn classes(file: &str, classes: &[u32], fresh: bool) -> Result<(), Faults> {
    let size = classes.iter().max().map_or(0, |&largest| largest as usize + 1);
    let mut occurs = vec![false; size];
    classes.iter().for_each(|&class| occurs[class as usize] = true);
    let missing: Vec<usize> = (0..size).filter(|&class| !occurs[class]).collect();
    if size - missing.len() < 2 {
        let help = "give sequences of the other classes, too";
        let found = format!("class {}", size.saturating_sub(1));
        return Err(fault(file, "there is nothing to tell apart", "two classes at least", &found, help));
    }
    if missing.is_empty() || !fresh {
        return Ok(());
    }
    let some: Vec<String> = missing.iter().take(SHOWN).map(usize::to_string).collect();
    let more = if missing.len() > SHOWN { ", ..." } else { "" };
    let which = format!("{size} classes, 0 to {}, with no sequence of {} of them", size - 1, missing.len());
    let which = format!("{which}: {}{more}", some.join(", "));
    if 2 * missing.len() > size {
        let help = "number the classes from 0 without gaps; if they are values, give floats as `targets`, or name the column `target`";
        return Err(fault(file, "most classes never occur", "classes numbered from 0", &which, help));
    }
    let help = "number the classes from 0 without gaps, or the model has outputs for these, too";
    tell(format_args!("{file}: {which}; {help}"));
    Ok(())
}

/// Tells of inputs and targets that are far from a mean of 0 and a deviation of 1.
pub(super) fn scale(file: &str, read: &Sequences) {
    let inputs = (0..read.count).flat_map(|i| read.sequence(i));
    let mut parts = vec![("inputs", moments(inputs))];
    if let Targets::Values { values, .. } = &read.targets {
        parts.push(("targets", moments(values.iter())));
    }
    for (what, (mean, deviation)) in parts {
        if mean.abs() > 10.0 || !(0.01..=10.0).contains(&deviation) {
            let (mean, deviation) = (short(mean), short(deviation));
            tell(format_args!(
                "{file}: the {what} have a mean of {mean} and a deviation of {deviation}: scale them to about 0 and 1, or little may be learnt"
            ));
        }
    }
}

/// Mean and standard deviation.
fn moments<'v>(values: impl Iterator<Item = &'v f32> + Clone) -> (f64, f64) {
    let values = values.map(|&value| f64::from(value));
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / count;
    let square = values.map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    (mean, square.sqrt())
}

#[cfg(test)]
mod tests {
    use super::{classes, moments};

    #[test]
    fn moments_are_those_of_all_values() {
        assert_eq!(moments([1.0, 3.0, 1.0, 3.0].iter()), (2.0, 1.0));
        assert_eq!(moments([1e8, 1e8 + 16.0].iter()), (1e8 + 8.0, 8.0));
    }

    #[test]
    fn gaps_between_classes_are_taken_up_to_a_half() {
        assert!(classes("x.csv", &[0, 1, 2, 7], true).is_ok());
        assert!(classes("x.csv", &[1, 2], true).is_ok());
        let refused = |of: &[u32], fresh| classes("x.csv", of, fresh).unwrap_err().to_string();
        let said = refused(&[0, 2, 30_000], true);
        assert!(
            said.contains(
                "found 30001 classes, 0 to 30000, with no sequence of 29998 of them: 1, 3, 4, 5, 6, ..."
            ),
            "{said}"
        );
        assert!(said.contains("give floats as `targets`"), "{said}");
        // A model that is gone on from knows them.
        assert!(classes("x.csv", &[0, 2, 30_000], false).is_ok());
        for (of, found) in [(&[1, 1][..], "found class 1"), (&[0], "found class 0")] {
            let said = refused(of, false);
            assert!(said.contains("nothing to tell apart") && said.contains(found), "{said}");
        }
    }
}
