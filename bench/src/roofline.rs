//! What the core could do at best with a program's work, beside the time reached.
//!
//! Takes a [`Program`]; counts what one step of it streams, loads and multiplies on this machine; and divides by what
//! the core was measured to do at most (`peers/roofline.c`): bytes of tables over the bandwidth of reading as many bytes
//! over and over, loads over the throughput of the load ports, multiply-adds over that of the units for them. The
//! largest of the three is the bound. What it leaves out only lowers it: reading and writing vectors of state, loads of
//! inputs that a kernel holds in registers, padding, and the gates, whose time alone is given beside it.

use std::path::Path;

use dopec::program::{Call, Data, Family, Init, Operation, Program, Source, Table};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};

/// What a step asks of the core.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Work {
    /// Bytes of tables, each read once.
    pub(crate) bytes: usize,
    /// Loads of single elements of the input: one for each stored value of a table of indices or of straight-line code.
    pub(crate) single_loads: usize,
    /// Multiply-adds.
    pub(crate) multiply_adds: u64,
}

/// The seconds of each bound.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// What was counted.
    pub(crate) work: Work,
    /// Microseconds by bytes.
    pub(crate) bytes: f64,
    /// By loads.
    pub(crate) loads: f64,
    /// By multiply-adds.
    pub(crate) multiply_adds: f64,
    /// Microseconds of all cells alone.
    pub(crate) cells: f64,
}

impl Bounds {
    /// The bound, with its name.
    pub(crate) fn largest(&self) -> (f64, &'static str) {
        let all = [(self.bytes, "bytes"), (self.loads, "loads"), (self.multiply_adds, "multiply-adds")];
        all.into_iter().fold((0.0, "nothing"), |most, next| if next.0 > most.0 { next } else { most })
    }
}

impl Work {
    /// Of one step of a program, by the family of instructions that it takes on this machine.
    pub(crate) fn of(program: &Program) -> Work {
        let best = program.families.named().iter().copied().find(|family| supported(family));
        let mut work = Work::default();
        for layer in &program.layers {
            work.add(program, &layer.operations, best);
        }
        work
    }

    fn add(&mut self, program: &Program, operations: &[Operation], best: Option<&Family>) {
        for operation in operations {
            match operation {
                Operation::Call(call) => self.add_call(program, call),
                // A term's value is four bytes wherever the compiler puts it; its instructions are not counted.
                Operation::Straight(straight) => {
                    self.bytes += 4 * straight.terms;
                    self.single_loads += 2 * straight.terms;
                    self.multiply_adds += straight.terms as u64;
                }
                Operation::Picks(picks) => {
                    self.bytes += [picks.values, picks.indices]
                        .map(|id| program.constant(id).data.bytes())
                        .iter()
                        .sum::<usize>();
                    if let Init::Bias { .. } = picks.init {
                        self.bytes += 4 * picks.output.len;
                    }
                    self.multiply_adds += picks.multiply_adds;
                }
                // What a step does; turns are for blocks of steps, which no roofline is drawn for.
                Operation::ForTokens { body, .. } | Operation::ForEach { body, .. } => {
                    self.add(program, body, best);
                }
                Operation::ByFamily { family, body, otherwise } => {
                    let way = if best == Some(family) { body } else { otherwise };
                    self.add(program, way, best);
                }
            }
        }
    }

    fn add_call(&mut self, program: &Program, call: &Call) {
        let tables = call.tables.iter().filter_map(|table| match table {
            Table::Given(id) => Some(*id),
            Table::Optional(id) => *id,
        });
        for id in tables {
            let data = &program.constant(id).data;
            self.bytes += data.bytes();
            // These take their inputs one by one, where the table says.
            if matches!(call.kernel.name, "sell" | "csr" | "csr_row" | "grouped")
                && matches!(data, Data::F32(_))
            {
                self.single_loads += data.len();
            }
        }
        if let Some(Init::Bias { .. }) = call.init {
            self.bytes += 4 * call.outputs.first().map_or(0, |view| view.len);
        }
        for input in &call.inputs {
            if let Source::Row { len, .. } = input {
                self.bytes += 4 * len;
            }
        }
        self.multiply_adds += call.multiply_adds;
    }
}

/// Whether this processor has a family's instructions.
fn supported(family: &Family) -> bool {
    #[cfg(target_arch = "x86_64")]
    return match family.name {
        "avx512" => {
            is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
        }
        "avx2" => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
        _ => false,
    };
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = family;
        false
    }
}

/// The core's limits, all measured at once.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    /// Floats of the widest vector.
    pub(crate) lanes: usize,
    /// Loads of single floats a second.
    pub(crate) loads: f64,
    /// Loads of the widest vectors a second.
    pub(crate) vector_loads: f64,
    /// Multiply-adds of single floats a second.
    pub(crate) multiply_adds: f64,
    /// Bytes a second, of as many bytes read over and over: by size, from the smallest up.
    bandwidths: Vec<(usize, f64)>,
    /// Seconds of a cell of as many units, from the fewest up.
    cells: Vec<(usize, f64)>,
}

/// Sizes of memory whose bandwidth is measured: eight to a doubling, from 4 KB to 128 MB.
fn sizes() -> impl Iterator<Item = usize> {
    (0..=8 * 15).map(|i| (4096.0 * (f64::from(i) / 8.0).exp2()).round() as usize)
}

/// Units of the cells whose time is measured.
const UNITS: [usize; 9] = [16, 32, 64, 128, 256, 512, 1024, 2048, 4096];

impl Machine {
    /// Measures with the shared object of `peers/roofline.c`, `seconds` for each limit.
    ///
    /// # Errors
    ///
    /// It can't be loaded.
    #[allow(unsafe_code)]
    pub(crate) fn measure(object: &Path, seconds: f64) -> Result<Machine, String> {
        type Rate = unsafe extern "C" fn(f64) -> f64;
        type RateOf = unsafe extern "C" fn(usize, f64) -> f64;
        let text = |error: libloading::Error| error.to_string();
        // SAFETY: the object was compiled from peers/roofline.c, whose functions have these types; the library lives as
        // long as they do. What a measurement took of memory is given back after it.
        unsafe {
            let library = Library::open(Some(object), RTLD_NOW | RTLD_LOCAL).map_err(text)?;
            let close = library.get::<unsafe extern "C" fn()>(b"peer_close").map_err(text)?;
            let bandwidth = library.get::<RateOf>(b"roofline_bandwidth").map_err(text)?;
            let cells = library.get::<RateOf>(b"roofline_cells").map_err(text)?;
            let rate = |name: &[u8]| -> Result<f64, String> {
                Ok(library.get::<Rate>(name).map_err(text)?(seconds))
            };
            let rate_of = |of: &RateOf, count| {
                let rate = of(count, seconds);
                close();
                rate
            };
            Ok(Machine {
                lanes: library.get::<unsafe extern "C" fn() -> usize>(b"roofline_lanes").map_err(text)?(),
                loads: rate(b"roofline_loads")?,
                vector_loads: rate(b"roofline_vector_loads")?,
                multiply_adds: rate(b"roofline_multiply_adds")?,
                bandwidths: sizes().map(|bytes| (bytes, rate_of(&bandwidth, bytes))).collect(),
                cells: UNITS.iter().map(|&units| (units, 1.0 / rate_of(&cells, units))).collect(),
            })
        }
    }

    /// Bytes a second, of as many bytes read over and over. Between two sizes that were measured the better of theirs, so
    /// that a bound stays one.
    pub(crate) fn bandwidth(&self, bytes: usize) -> f64 {
        let above = self.bandwidths.partition_point(|&(size, _)| size < bytes);
        let exact = self.bandwidths.get(above).is_some_and(|&(size, _)| size == bytes);
        let below = if exact { above } else { above.saturating_sub(1) };
        let near = &self.bandwidths[below..self.bandwidths.len().min(above + 1)];
        near.iter().fold(0.0, |best, &(_, rate)| rate.max(best))
    }

    /// Seconds of one cell of `hidden` units, on the line between two that were measured; none take no time.
    fn cell(&self, hidden: usize) -> f64 {
        let above = self.cells.partition_point(|&(units, _)| units < hidden);
        let above = above.min(self.cells.len() - 1);
        let (low, from) = if above == 0 { (0, 0.0) } else { self.cells[above - 1] };
        let (high, to) = self.cells[above];
        from + (to - from) * (hidden - low) as f64 / (high - low) as f64
    }

    /// The bounds of a program's step.
    pub(crate) fn bounds(&self, program: &Program) -> Bounds {
        let work = Work::of(program);
        let vector_loads = work.bytes as f64 / (4 * self.lanes) as f64;
        let mut cells = 0.0;
        for layer in &program.layers {
            layer.visit(&mut |operation| {
                if let Operation::Call(call) = operation
                    && call.kernel.name == "lstm_cell"
                {
                    cells += self.cell(call.dims[0]);
                }
            });
        }
        Bounds {
            work,
            bytes: 1e6 * work.bytes as f64 / self.bandwidth(work.bytes),
            loads: 1e6 * (work.single_loads as f64 / self.loads + vector_loads / self.vector_loads),
            multiply_adds: 1e6 * work.multiply_adds as f64 / self.multiply_adds,
            cells: 1e6 * cells,
        }
    }
}

#[cfg(test)]
mod tests {
    use dopec::lower::lower;
    use dopec::{Settings, Target};

    use super::*;
    use crate::models::{Flavour, lstm, sparse};

    #[test]
    fn what_lies_between_measurements_comes_from_both_sides() {
        let machine = Machine {
            lanes: 8,
            loads: 1.0,
            vector_loads: 1.0,
            multiply_adds: 1.0,
            bandwidths: vec![(100, 9.0), (200, 5.0), (400, 6.0)],
            cells: vec![(16, 2.0), (32, 3.0)],
        };
        let found = [50, 100, 150, 200, 201, 400, 900].map(|bytes| machine.bandwidth(bytes));
        assert_eq!(found, [9.0, 9.0, 9.0, 5.0, 6.0, 6.0, 6.0]);
        assert_eq!([0, 8, 16, 24, 48].map(|units| machine.cell(units)), [0.0, 1.0, 2.0, 2.5, 4.0]);
        for bytes in [16 << 10, 512 << 10, 4 << 20, 128 << 20] {
            assert!(sizes().any(|size| size == bytes), "{bytes}");
        }
    }

    #[test]
    fn straight_line_code_counts_its_terms() {
        let model = sparse("counted", 40, 30, 0.1, Flavour::Uniform);
        let settings = Settings { unroll_limit: Some(1000), target: Target::Portable, ..Settings::default() };
        let work = Work::of(&lower(model, &settings));
        assert_eq!(work, Work { bytes: 480, single_loads: 240, multiply_adds: 120 });
    }

    #[test]
    fn rows_in_groups_take_their_inputs_one_by_one() {
        // Whether what look-ups leave over stands in groups is close: the first few models have some that do.
        let found = (0..8).find_map(|i| {
            let model = lstm(&format!("counted_{i}"), 1, 650, 10.0, Flavour::Trained);
            let program = lower(model, &Settings { target: Target::Avx512, ..Settings::default() });
            let mut found = None;
            program.layers[0].visit(&mut |operation| match operation {
                Operation::Call(call) if call.kernel.name == "grouped" => {
                    let mut work = Work::default();
                    work.add_call(&program, call);
                    found = Some((work.single_loads as u64, call.multiply_adds));
                }
                _ => {}
            });
            found
        });
        let (loads, elements) = found.unwrap();
        assert!(loads == elements && loads > 0);
    }

    #[test]
    fn tables_count_their_bytes_and_only_one_of_two_ways() {
        let model = lstm("counted", 1, 128, 10.0, Flavour::Uniform);
        let settings = Settings { unroll_limit: Some(0), ..Settings::default() };
        let program = lower(model, &settings);
        let work = Work::of(&program);
        let nnz = 512 * 256 / 10;
        assert!(work.bytes <= program.constant_bytes() && work.bytes > 4 * nnz * 9 / 10, "{work:?}");
        assert!(work.multiply_adds as usize >= nnz * 9 / 10);
    }
}
