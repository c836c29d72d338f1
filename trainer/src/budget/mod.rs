//! Budgets: the shapes, rank and non-zeros that a form of matrix can have when everything stored for it is
//! to be a given factor less than the dense matrix.
//!
//! Takes rows, columns, a form and a [`Budget`]; gives a [`MatrixSpec`] for which [`stored_bits`] is never
//! above the budget. Of two choices the one of higher rank is taken, then the one that `shape` says.

mod shape;

pub use shape::{hybrid, kronecker, smaller_hidden};

use crate::error::Error;
use crate::network::{BlockSpec, MatrixSpec, StructureSpec};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The forms that a matrix can have at a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatrixForm {
    /// Every weight, whatever the budget.
    Dense,
    /// A sparse part alone.
    Pruned,
    /// Low-rank factorisation (LMF).
    LowRank,
    /// Hybrid matrix decomposition (HMD): dense rows over a low-rank part.
    Hybrid,
    /// One Kronecker product of two factors.
    Kronecker,
    /// Low rank and a sparse part.
    DopedLowRank,
    /// Hybrid and a sparse part.
    DopedHybrid,
    /// A Kronecker product and a sparse part.
    DopedKronecker,
}

impl MatrixForm {
    /// All of them.
    pub const ALL: [MatrixForm; 8] = [
        MatrixForm::Dense,
        MatrixForm::Pruned,
        MatrixForm::LowRank,
        MatrixForm::Hybrid,
        MatrixForm::Kronecker,
        MatrixForm::DopedLowRank,
        MatrixForm::DopedHybrid,
        MatrixForm::DopedKronecker,
    ];

    /// Its name, as `FromStr` reads it.
    pub fn name(self) -> &'static str {
        match self {
            MatrixForm::Dense => "dense",
            MatrixForm::Pruned => "pruned",
            MatrixForm::LowRank => "low_rank",
            MatrixForm::Hybrid => "hybrid",
            MatrixForm::Kronecker => "kronecker",
            MatrixForm::DopedLowRank => "doped_low_rank",
            MatrixForm::DopedHybrid => "doped_hybrid",
            MatrixForm::DopedKronecker => "doped_kronecker",
        }
    }
}

impl fmt::Display for MatrixForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for MatrixForm {
    type Err = Error;

    fn from_str(name: &str) -> Result<MatrixForm, Error> {
        let found = MatrixForm::ALL.into_iter().find(|form| form.name() == name);
        found.ok_or_else(|| {
            let known = MatrixForm::ALL.map(MatrixForm::name).join(", ");
            Error::Option { name: "form", problem: format!("\"{name}\" is none of {known}") }
        })
    }
}

/// What is counted. Values have 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counting {
    /// Values alone, as the papers count.
    Values,
    /// Values, and 16 bits for the column of each non-zero (32 past 65,536 columns).
    Indices,
    /// As `Indices`, and 32 bits for the start of each row of a sparse part.
    Everything,
}

/// What a matrix may take.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// How many times less than the dense matrix, 1 or more.
    pub factor: f64,
    /// What is counted.
    pub counting: Counting,
    /// Share of the budget that the structure of a doped low-rank or doped hybrid matrix has, in (0, 1); the
    /// papers leave it open.
    pub structure_share: f64,
    /// Share of the budget within which the factors of a doped Kronecker product are the largest of the highest rank,
    /// in [0, 1); where none of that rank is so small, and with 0, they are its smallest.
    pub kronecker_share: f64,
}

impl Budget {
    /// A factor, counted in values as the papers do, with a quarter for the structures that S is added to.
    pub fn new(factor: f64) -> Budget {
        Budget { factor, counting: Counting::Values, structure_share: 0.25, kronecker_share: 0.25 }
    }

    /// Bits that a matrix may take.
    pub fn bits(&self, rows: usize, cols: usize) -> u64 {
        ((rows * cols * 32) as f64 / self.factor) as u64
    }

    /// Chooses shapes, rank and non-zeros.
    ///
    /// # Errors
    ///
    /// A factor below 1 or a share outside (0, 1); a budget that nothing of the form fits, with the least
    /// that the form takes.
    pub fn matrix(&self, form: MatrixForm, rows: usize, cols: usize) -> Result<MatrixSpec, Error> {
        if !(self.factor >= 1.0 && self.factor.is_finite()) {
            let problem = format!("must be 1 or more, not {}", self.factor);
            return Err(Error::Option { name: "factor", problem });
        }
        if !(self.structure_share > 0.0 && self.structure_share < 1.0) {
            let problem = format!("must be above 0 and below 1, not {}", self.structure_share);
            return Err(Error::Option { name: "structure share", problem });
        }
        if !(0.0..1.0).contains(&self.kronecker_share) {
            let problem = format!("must be at least 0 and below 1, not {}", self.kronecker_share);
            return Err(Error::Option { name: "Kronecker share", problem });
        }
        let all = self.bits(rows, cols);
        let values = (all / 32) as usize;
        let shared = (values as f64 * self.structure_share) as usize;
        let refuse = |least: String| {
            let factor = self.factor;
            Error::Budget(format!(
                "a {rows}×{cols} matrix at a factor of {factor} may take {values} values: as {form} it takes {least}"
            ))
        };
        let share = |part: usize| match part < values {
            true => format!(", and may take {part}, its share beside S"),
            false => String::new(),
        };
        let low_rank = |values: usize| {
            let rank = (values / (rows + cols)).min(rows).min(cols);
            let least = || refuse(format!("{} for a rank of 1{}", rows + cols, share(values)));
            if rank == 0 { Err(least()) } else { Ok(MatrixSpec::low_rank(rank)) }
        };
        let hybrid = |values: usize| {
            let least = 2 * cols + rows - 1;
            let least = || refuse(format!("{least} for a row and a rank of 1 below{}", share(values)));
            let (above, rank) = hybrid(rows, cols, values).ok_or_else(least)?;
            let block = |rows, matrix| BlockSpec { rows, cols, matrix };
            let blocks =
                vec![block(above, MatrixSpec::dense()), block(rows - above, MatrixSpec::low_rank(rank))];
            Ok(MatrixSpec::of(StructureSpec::VStack { blocks }))
        };
        let kronecker = |wanted: usize| {
            let least = || refuse("more in any two factors".to_owned());
            Ok(MatrixSpec::kronecker(&kronecker(rows, cols, values, wanted).ok_or_else(least)?))
        };
        match form {
            MatrixForm::Dense => Ok(MatrixSpec::dense()),
            MatrixForm::Pruned => {
                let nonzeros = self.nonzeros(rows, cols, 0).ok_or_else(|| refuse("more".to_owned()))?;
                Ok(MatrixSpec::pruned(nonzeros))
            }
            MatrixForm::LowRank => low_rank(values),
            MatrixForm::Hybrid => hybrid(values),
            MatrixForm::Kronecker => kronecker(values),
            MatrixForm::DopedLowRank => self.dope(low_rank(shared)?, rows, cols, &refuse),
            MatrixForm::DopedHybrid => self.dope(hybrid(shared)?, rows, cols, &refuse),
            MatrixForm::DopedKronecker => {
                self.dope(kronecker((values as f64 * self.kronecker_share) as usize)?, rows, cols, &refuse)
            }
        }
    }

    /// Gives a structure the non-zeros that it leaves room for.
    fn dope(
        &self,
        structure: MatrixSpec,
        rows: usize,
        cols: usize,
        refuse: &dyn Fn(String) -> Error,
    ) -> Result<MatrixSpec, Error> {
        let taken = stored_bits(&structure, rows, cols, self.counting);
        let least = || refuse(format!("{} for its structure, and a non-zero", taken / 32));
        Ok(structure.doped(self.nonzeros(rows, cols, taken).ok_or_else(least)?))
    }

    /// Non-zeros that fit beside what is taken; one at least.
    fn nonzeros(&self, rows: usize, cols: usize, taken: u64) -> Option<usize> {
        let left = self.bits(rows, cols).checked_sub(taken + self.counting.rows(rows))?;
        let nonzeros = (left / self.counting.nonzero(cols)) as usize;
        (nonzeros > 0).then_some(nonzeros.min(rows * cols))
    }
}

impl Counting {
    fn nonzero(self, cols: usize) -> u64 {
        match self {
            Counting::Values => 32,
            _ if cols > 1 << 16 => 64,
            _ => 48,
        }
    }

    fn rows(self, rows: usize) -> u64 {
        if self == Counting::Everything { 32 * (rows as u64 + 1) } else { 0 }
    }
}

/// Bits that a matrix of this form takes when its sparse parts have come to their targets.
pub fn stored_bits(spec: &MatrixSpec, rows: usize, cols: usize, counting: Counting) -> u64 {
    let structure =
        spec.structure.as_ref().map_or(0, |structure| structure_bits(structure, rows, cols, counting));
    let sparse = |nonzeros: usize| counting.rows(rows) + nonzeros as u64 * counting.nonzero(cols);
    structure + spec.nonzeros.map_or(0, sparse)
}

fn structure_bits(structure: &StructureSpec, rows: usize, cols: usize, counting: Counting) -> u64 {
    let values = match structure {
        StructureSpec::Dense => rows * cols,
        StructureSpec::Kronecker { factors } => factors.iter().map(|[m, n]| m * n).sum(),
        StructureSpec::LowRank { rank } => rank * (rows + cols),
        StructureSpec::Monarch { first, second } => {
            first.iter().product::<usize>() + second.iter().product::<usize>()
        }
        StructureSpec::Circulant => rows,
        StructureSpec::Sum { terms } => {
            return terms.iter().map(|term| structure_bits(term, rows, cols, counting)).sum();
        }
        StructureSpec::VStack { blocks }
        | StructureSpec::HStack { blocks }
        | StructureSpec::BlockDiagonal { blocks } => {
            let bits = |block: &BlockSpec| stored_bits(&block.matrix, block.rows, block.cols, counting);
            return blocks.iter().map(bits).sum();
        }
    };
    32 * values as u64
}

#[cfg(test)]
mod tests {
    use super::{Budget, Counting, MatrixForm, stored_bits};
    use crate::error::Error;
    use crate::network::{LayerSpec, MatrixSpec, StructureSpec};
    use crate::{Initialisation, Network, NetworkSpec};

    #[test]
    fn the_medium_model_of_the_paper() {
        // Two layers of 650 units: 2600 × 1300, and the non-zeros a row of the table in the method's notes.
        for (factor, per_row) in [(10.0, 128.5), (15.0, 85.2), (20.0, 63.5), (25.0, 50.5)] {
            let budget = Budget { kronecker_share: 0.0, ..Budget::new(factor) };
            let spec = budget.matrix(MatrixForm::DopedKronecker, 2600, 1300).unwrap();
            assert_eq!(spec.structure, MatrixSpec::kronecker(&[[52, 26], [50, 50]]).structure);
            assert!((spec.nonzeros.unwrap() as f64 / 2600.0 - per_row).abs() < 0.06, "{factor}");
        }
        let budget = Budget { kronecker_share: 0.0, ..Budget::new(10.0) };
        let spec = budget.matrix(MatrixForm::DopedKronecker, 2600, 1300).unwrap();
        let factor = (2600.0 * 1300.0 * 32.0) / stored_bits(&spec, 2600, 1300, Counting::Indices) as f64;
        assert!((factor - 6.7).abs() < 0.05);
    }

    #[test]
    fn factors_of_a_doped_product_are_the_largest_within_their_share() {
        let factors = |kronecker_share, factor| {
            let budget = Budget { counting: Counting::Everything, kronecker_share, ..Budget::new(factor) };
            let spec = budget.matrix(MatrixForm::DopedKronecker, 1024, 384).unwrap();
            assert!(spec.nonzeros.unwrap() > 0);
            match spec.structure {
                Some(StructureSpec::Kronecker { factors }) => [factors[0], factors[1]],
                other => panic!("{other:?}"),
            }
        };
        // 15,728 values: 3,200 of 3,932, 6,208 of 7,864.
        assert_eq!(factors(0.25, 25.0), [[64, 48], [16, 8]]);
        assert_eq!(factors(0.5, 25.0), [[128, 48], [8, 8]]);
        // None of the highest rank is as small as the share: the smallest.
        assert_eq!(factors(0.0, 25.0), [[32, 16], [32, 24]]);
        assert_eq!(factors(0.05, 25.0), [[32, 16], [32, 24]]);
        assert_eq!(factors(0.25, 10.0), [[128, 64], [8, 6]]);
        let alone = Budget::new(25.0).matrix(MatrixForm::Kronecker, 1024, 384).unwrap();
        assert_eq!(alone.structure, MatrixSpec::kronecker(&[[128, 96], [8, 4]]).structure);
        let budget = Budget { kronecker_share: 1.0, ..Budget::new(25.0) };
        let error = budget.matrix(MatrixForm::DopedKronecker, 1024, 384).unwrap_err().to_string();
        assert!(error.contains("Kronecker share") && error.contains("below 1, not 1"), "{error}");
    }

    #[test]
    fn no_choice_is_ever_over_its_budget_and_most_are_near_it() {
        let sizes = [1, 2, 3, 7, 16, 64, 97, 100, 256, 650, 1024];
        let (mut fitted, mut refused) = (0, 0);
        for rows in sizes {
            for cols in sizes {
                for factor in [1.0, 1.5, 4.0, 10.0, 25.0, 100.0] {
                    for counting in [Counting::Values, Counting::Indices, Counting::Everything] {
                        for form in MatrixForm::ALL {
                            let budget = Budget { counting, ..Budget::new(factor) };
                            if form == MatrixForm::Dense {
                                continue;
                            }
                            let spec = match budget.matrix(form, rows, cols) {
                                Ok(spec) => spec,
                                Err(Error::Budget(_)) => {
                                    refused += 1;
                                    continue;
                                }
                                Err(other) => panic!("{other}"),
                            };
                            fitted += 1;
                            let taken = stored_bits(&spec, rows, cols, counting);
                            assert!(
                                taken <= budget.bits(rows, cols),
                                "{form} {rows}×{cols} {factor} {spec:?}"
                            );
                            let full = spec.nonzeros == Some(rows * cols);
                            if spec.nonzeros.is_some() && !full {
                                assert!(budget.bits(rows, cols) - taken < counting.nonzero(cols), "{form}");
                            }
                            if rows * cols < 5000 {
                                let spec = linear(spec, rows, cols);
                                Network::<f32>::new(spec, Initialisation::default()).unwrap();
                            }
                        }
                    }
                }
            }
        }
        assert!(fitted > 5000 && refused > 1000, "{fitted} {refused}");
    }

    fn linear(weight: MatrixSpec, rows: usize, cols: usize) -> NetworkSpec {
        let name = "linear".to_owned();
        let layer = LayerSpec::Linear { name, input_size: cols, output_size: rows, weight, bias: false };
        NetworkSpec { layers: vec![layer] }
    }

    #[test]
    fn rivals_use_what_they_may() {
        let budget = Budget::new(10.0);
        let values =
            |form| stored_bits(&budget.matrix(form, 1024, 384).unwrap(), 1024, 384, Counting::Values) / 32;
        for form in [MatrixForm::LowRank, MatrixForm::Hybrid, MatrixForm::Kronecker] {
            assert!(values(form) > 30_000 && values(form) <= 39_321, "{form}: {}", values(form));
        }
        let Some(StructureSpec::VStack { blocks }) =
            budget.matrix(MatrixForm::Hybrid, 1024, 384).unwrap().structure
        else {
            panic!("a hybrid is a stack");
        };
        assert_eq!(blocks.len(), 2);
    }

    #[test]
    fn budgets_that_nothing_fits_are_refused_with_the_least_that_would() {
        let error = Budget::new(100.0).matrix(MatrixForm::LowRank, 64, 32).unwrap_err().to_string();
        assert!(
            error.contains("may take 20 values") && error.contains("takes 96 for a rank of 1"),
            "{error}"
        );
        assert!(Budget::new(0.5).matrix(MatrixForm::Pruned, 64, 32).is_err());
        assert!(Budget::new(1e9).matrix(MatrixForm::Pruned, 64, 32).is_err());
        assert!(Budget::new(1e3).matrix(MatrixForm::DopedKronecker, 64, 32).is_err());
        assert!("dopped".parse::<MatrixForm>().unwrap_err().to_string().contains("doped_kronecker"));
        assert_eq!("doped_hybrid".parse::<MatrixForm>().unwrap(), MatrixForm::DopedHybrid);
    }
}
