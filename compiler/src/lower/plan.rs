//! Straight line, look-ups or table: the decision for every sparse part, made at once.
//!
//! **Straight line** is one multiply-add in the code for each non-zero, its value and offsets in the code:
//! nothing is loaded but x and y, and rows run side by side as far as the processor can. It takes
//! [`BYTES_PER_TERM`] bytes of code a non-zero and compilers take time for each, so it is for small parts:
//! at most [`TERMS_PER_MATRIX`] non-zeros in a part and [`TERMS_PER_MODEL`] in a model's code for one family of instructions
//! (about two seconds of gcc -O2 or rustc), the smallest parts first. `--unroll-limit N` overrules both with N a part.
//!
//! **Look-ups** in registers ([`super::lookup`]) are for AVX-512 and AVX2, where they are cheaper than either; where
//! their tables would not stay in the cache, rows share lanes or values are packed on AVX-512, and AVX2 has none. What a
//! few of them leave over is straight line, [`LEFT_OVER_TERMS`] at most ([`FAR_LEFT_OVER_TERMS`] where rows share lanes)
//! and within the model's budget. Where all inputs of a part stand in registers the look-ups themselves are straight-line
//! code ([`super::picks`]), each of which counts as a non-zero in that budget. Code that picks its family of instructions
//! at run time holds look-ups beside the other way.
//!
//! **Choices** of the settings ([`crate::Choices`], from the lock file) overrule all that where they speak of a part, in the code
//! of the families that they were tuned for; `--unroll-limit` overrules them.

use std::collections::BTreeMap;

use super::lanes::Slots;
use super::parts::{Part, parts};
use super::path::Path;
use super::{cost, lookup, picks, table};
use crate::model::Model;
use crate::numbers::thousands;
use crate::program::Family;
use crate::settings::{Settings, Target};
use crate::ways::Way;

/// The most non-zeros a sparse part may have as straight-line code.
pub const TERMS_PER_MATRIX: usize = 4096;

/// The most non-zeros a model may have as straight-line code.
pub const TERMS_PER_MODEL: usize = 8192;

/// The most elements left over by the look-ups of a part that become straight-line code: with more, what a table or
/// `grouped` takes longer is little beside the look-ups.
pub(super) const LEFT_OVER_TERMS: usize = 2048;

/// The same where tables come from beyond the second level of cache: so does code then, which takes four times the bytes.
pub(super) const FAR_LEFT_OVER_TERMS: usize = 256;

/// Bytes of machine code that a term takes, as measured on x86-64.
pub const BYTES_PER_TERM: usize = 25;

/// What becomes of a sparse part, and why.
#[derive(Debug, Clone)]
pub(super) enum Form {
    /// Straight-line code.
    Straight(String),
    /// Look-ups.
    Lookup(lookup::Choice),
    /// Look-ups as straight-line code.
    Picks(picks::Choice),
    /// A table: of this form, or of the one that fits.
    Table(Option<Way>, String),
    /// The first for a family of instructions, the other for any other.
    ByFamily(&'static Family, Box<Form>, Box<Form>),
}

/// What becomes of each sparse part, by its path; and what is used up by it.
#[derive(Debug, Default)]
pub(super) struct Plan {
    forms: BTreeMap<String, Form>,
    used: Used,
}

/// Decides for every sparse part that multiplies a vector.
pub(super) fn plan(model: &Model, settings: &Settings) -> Plan {
    let mut plan = Plan::default();
    plan.add(&parts(model), settings);
    plan
}

/// The way of each sparse part, those with the fewest non-zeros first, in code for a target, which is not [`Target::Any`].
pub fn ways<'m>(model: &'m Model, settings: &Settings, code: Target) -> Vec<(Part<'m>, Way)> {
    let mut plan = plan(model, settings);
    let way = |part: Part<'m>| {
        let form = plan.forms.remove(&part.path)?;
        let way = form.way(&part, code);
        Some((part, way))
    };
    parts(model).into_iter().filter_map(way).collect()
}

/// Whether a part can have a way at all, in code for a target, which is not [`Target::Any`]: one that can't hold it
/// becomes another.
pub fn possible(part: &Part<'_>, way: Way, code: Target) -> bool {
    let picks = || picks::choose(std::slice::from_ref(part)).pop().flatten();
    let picks = if way == Way::LookupStraight { picks() } else { None };
    way.possible(code) && chosen(part, way, code, picks).way(part, code) == way
}

impl Plan {
    /// Decides for further parts, which have paths of their own, with what those before leave of the budget.
    pub(super) fn add(&mut self, parts: &[Part<'_>], settings: &Settings) {
        let choices = settings.choices.as_ref();
        let way = |part: &Part<'_>, code| choices.and_then(|choices| choices.way(&part.path, code));
        let emitted =
            |code| [Target::Any, code].contains(&settings.target) && settings.unroll_limit.is_none();
        let open = |code| emitted(code) && parts.iter().any(|part| way(part, code).is_none());
        let may_pick = |part| way(part, Target::Avx512).is_none_or(|way| way == Way::LookupStraight);
        let mut look_ups: Vec<LookUps> = parts.iter().map(|_| LookUps::default()).collect();
        if open(Target::Avx512) {
            let sixteen = lookup::choose(parts);
            look_ups.iter_mut().zip(sixteen).for_each(|(look_ups, sixteen)| look_ups.sixteen = sixteen);
        }
        if emitted(Target::Avx512) && parts.iter().any(may_pick) {
            let picks = picks::choose(parts);
            look_ups.iter_mut().zip(picks).for_each(|(look_ups, picks)| look_ups.picks = picks);
        }
        if open(Target::Avx2) {
            let eight = lookup::choose_eight(parts);
            look_ups.iter_mut().zip(eight).for_each(|(look_ups, eight)| look_ups.eight = eight);
        }
        for (part, look_ups) in parts.iter().zip(look_ups) {
            self.forms.insert(part.path.clone(), self.used.decide(part, look_ups, settings));
        }
    }

    /// The choice for a part, handed out once.
    pub(super) fn take(&mut self, path: &Path) -> Option<Form> {
        self.forms.remove(path.dotted())
    }
}

/// Look-ups that a part may have.
#[derive(Debug, Default)]
struct LookUps {
    /// On AVX-512.
    sixteen: Option<lookup::Choice>,
    /// On AVX-512, as straight-line code.
    picks: Option<picks::Choice>,
    /// On AVX2.
    eight: Option<lookup::Choice>,
}

/// What the parts decided so far take of the budget, in the code of each family: that for one is the same whether or not there
/// is code for others beside it.
#[derive(Debug, Default)]
struct Used {
    avx512: Terms,
    avx2: Terms,
    portable: Terms,
}

impl Used {
    /// The form of a part that may have these look-ups.
    fn decide(&mut self, part: &Part<'_>, look_ups: LookUps, settings: &Settings) -> Form {
        let LookUps { sixteen, picks, eight } = look_ups;
        let choices = settings.choices.as_ref().filter(|_| settings.unroll_limit.is_none());
        let way = |code| choices.and_then(|choices| choices.way(&part.path, code));
        let limit = settings.unroll_limit;
        let avx512 = |terms: &mut Terms| {
            terms.decide(part, way(Target::Avx512), Target::Avx512, (sixteen, picks), limit)
        };
        let avx2 =
            |terms: &mut Terms| terms.decide(part, way(Target::Avx2), Target::Avx2, (eight, None), limit);
        let portable = |terms: &mut Terms| {
            terms.decide(part, way(Target::Portable), Target::Portable, (None, None), limit)
        };
        match settings.target {
            Target::Portable => portable(&mut self.portable),
            Target::Avx2 => avx2(&mut self.avx2),
            Target::Avx512 => avx512(&mut self.avx512),
            Target::Any => {
                let (wide, narrow) = ((Family::AVX512, Target::Avx512), (Family::AVX2, Target::Avx2));
                let tuned = way(Target::Portable).is_some();
                let other =
                    Form::joined(part, narrow, avx2(&mut self.avx2), portable(&mut self.portable), tuned);
                Form::joined(part, wide, avx512(&mut self.avx512), other, tuned)
            }
        }
    }
}

/// Terms of straight-line code so far.
#[derive(Debug, Default)]
struct Terms(usize);

impl Terms {
    /// The form of a part in code for a target: by the way that was chosen, or the cheapest, which may be one of these look-ups.
    fn decide(
        &mut self,
        part: &Part<'_>,
        way: Option<Way>,
        code: Target,
        (look_up, picks): (Option<lookup::Choice>, Option<picks::Choice>),
        unroll_limit: Option<usize>,
    ) -> Form {
        let room = TERMS_PER_MODEL.saturating_sub(self.0);
        let by_rules = |picks: Option<picks::Choice>| {
            let straight = straight(part.csr.nnz(), unroll_limit, self.0);
            let terms = cost::TERM * part.csr.nnz() as f64;
            let most = if straight.is_ok() { terms } else { f64::INFINITY };
            let look_up = look_up.filter(|look_up| look_up.cost < most);
            let most = look_up.as_ref().map_or(most, |look_up| look_up.cost);
            let fits = |picks: &picks::Choice| picks.terms() <= room && picks.left_over() <= LEFT_OVER_TERMS;
            let picks = picks.filter(|picks| picks.cost < most && fits(picks));
            let plain = || match straight {
                Ok(why) => Form::Straight(why),
                Err(why) => Form::Table(None, why),
            };
            picks.map(Form::Picks).or(look_up.map(Form::Lookup)).unwrap_or_else(plain)
        };
        let mut form = match way {
            None => by_rules(picks),
            Some(way) => chosen(part, way, code, picks),
        };
        match &mut form {
            Form::Straight(_) => self.0 += part.csr.nnz(),
            Form::Lookup(choice) => {
                // What they leave over is straight-line code where there is room for it.
                choice.straight = choice.left_over <= choice.most_straight().min(room);
                if choice.straight {
                    self.0 += choice.left_over;
                }
            }
            Form::Picks(choice) => self.0 += choice.terms(),
            Form::Table(..) | Form::ByFamily(..) => {}
        }
        form
    }
}

/// The form of a part whose way was chosen before, in code for a target; `picks` are those that it may have.
fn chosen(part: &Part<'_>, way: Way, code: Target, picks: Option<picks::Choice>) -> Form {
    const WHY: &str = "as tuned";
    let looked_up = |part: &Part<'_>, slots| match lookup::chosen(part.csr, part.cols, part.added, slots) {
        Some(choice) => Form::Lookup(choice),
        None => Form::Table(None, format!("since no look-ups, {WHY}, could hold any of it")),
    };
    match way {
        Way::Straight => {
            let bytes = thousands(part.csr.nnz() * BYTES_PER_TERM);
            Form::Straight(format!("straight line, {WHY}; about {bytes} bytes of code"))
        }
        Way::Lookup if code == Target::Avx2 => looked_up(part, Slots::Eight),
        Way::Lookup => looked_up(part, Slots::Padded),
        Way::LookupPaired => looked_up(part, Slots::Paired),
        Way::LookupPacked => looked_up(part, Slots::Packed),
        Way::LookupFolded => looked_up(part, Slots::Folded),
        Way::LookupStraight => match picks {
            Some(mut choice) => {
                choice.tuned = true;
                Form::Picks(choice)
            }
            None => {
                Form::Table(None, format!("since look-ups as straight-line code, {WHY}, could not hold it"))
            }
        },
        Way::Sell | Way::Csr => Form::Table(Some(way), WHY.to_owned()),
    }
}

impl Form {
    /// The first for a family of instructions, the other elsewhere; where they are the same way, the other if it was tuned.
    fn joined(
        part: &Part<'_>,
        (family, code): (&'static Family, Target),
        first: Form,
        other: Form,
        tuned: bool,
    ) -> Form {
        let alike = !matches!(other, Form::ByFamily(..))
            && first.way(part, code) == other.way(part, Target::Portable);
        match (alike, tuned) {
            (false, _) => Form::ByFamily(family, Box::new(first), Box::new(other)),
            (true, true) => other,
            (true, false) => first,
        }
    }

    /// The way that it is, in code for a target, which is not [`Target::Any`].
    fn way(&self, part: &Part<'_>, code: Target) -> Way {
        match self {
            Form::Straight(_) => Way::Straight,
            Form::Lookup(choice) => choice.way(),
            Form::Picks(_) => Way::LookupStraight,
            Form::Table(Some(way), _) => *way,
            Form::Table(None, _) => table::way(part.csr, part.added),
            Form::ByFamily(family, first, other) => {
                let named = [(Family::AVX512, Target::Avx512), (Family::AVX2, Target::Avx2)];
                (if named.contains(&(*family, code)) { first } else { other }).way(part, code)
            }
        }
    }
}

/// Why a part with so many non-zeros is straight line, after `used` in other parts; or why not.
fn straight(nnz: usize, unroll_limit: Option<usize>, used: usize) -> Result<String, String> {
    let count = thousands(nnz);
    if let Some(limit) = unroll_limit {
        let limit_text = thousands(limit);
        return if nnz <= limit {
            Ok(format!("straight line, since {count} non-zeros <= the unroll limit {limit_text}"))
        } else {
            Err(format!("since {count} non-zeros > the unroll limit {limit_text}"))
        };
    }
    if nnz > TERMS_PER_MATRIX {
        return Err(format!("since {count} non-zeros > {} for a part", thousands(TERMS_PER_MATRIX)));
    }
    if used + nnz > TERMS_PER_MODEL {
        let (used, budget) = (thousands(used), thousands(TERMS_PER_MODEL));
        return Err(format!("since {count} non-zeros after {used} before > {budget} for a model"));
    }
    Ok(format!(
        "straight line, since {count} non-zeros <= {} for a part and {} <= {} for the model; about {} bytes of code",
        thousands(TERMS_PER_MATRIX),
        thousands(used + nnz),
        thousands(TERMS_PER_MODEL),
        thousands(nnz * BYTES_PER_TERM),
    ))
}
