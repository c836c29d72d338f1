//! How fast compiled models run, as ratios to the plain peer of `plain.h`, both compiled with the same flags; the cell
//! of both is dopec's, for the processor at hand.
//!
//! `cargo bench -p dopec-tests --bench run`: for each model, compiler and set of flags, blocks of steps of the one and
//! the other in turn on one core, in one process; prints the median time of a step, and the median and the quartiles
//! of the ratio, pair by pair. The two must give the same outputs, and have the same cell. `--quick` takes fewer blocks.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use dopec::model::{EmbeddingWeight, LayerKind, LstmWeights, Matrix, Model, Structure};
use dopec::{Emit, Settings, Source, Target, files};
use dopec_tests::large;

const FLAGS: [&str; 3] = ["-O2", "-O3", "-O3 -march=native"];

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let folder = tempfile::tempdir().unwrap();
    println!(
        "{:<20} {:<28} {:>12} {:>12}  speed-up: median (quartiles)",
        "model", "compiler", "dopec", "plain"
    );
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let blocks = if quick { 7 } else { 31 };
    let measure = |path: &Path, steps: usize| {
        for compiler in ["gcc", "clang"] {
            if Command::new(compiler).arg("--version").output().is_err() {
                continue;
            }
            for flags in FLAGS {
                let pairs = time(folder.path(), path, compiler, flags, Target::Any, steps, blocks);
                report(path, &format!("{compiler} {flags}"), &pairs);
            }
            if has_avx512() {
                let pairs = time(folder.path(), path, compiler, "-O3", Target::Avx512, steps, blocks);
                report(path, &format!("{compiler} -O3, --target avx512"), &pairs);
            }
        }
    };
    measure(&models.join("shakespeare_small.json"), 400);
    measure(&models.join("shakespeare_medium.json"), 40);
    let large = large::two_layers("two_layers_of_1500", 1500, 0.04);
    let files = tempfile::tempdir().unwrap();
    std::fs::write(files.path().join("two_layers_of_1500.json"), &large.json).unwrap();
    std::fs::write(files.path().join(&large.weights_file), &large.weights).unwrap();
    measure(&files.path().join("two_layers_of_1500.json"), 4);
}

fn has_avx512() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx512vl") && is_x86_feature_detected!("avx512dq");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Prints a row of the table.
fn report(path: &Path, toolchain: &str, pairs: &[(f64, f64)]) {
    let sorted = |values: &mut dyn Iterator<Item = f64>| {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let ours = sorted(&mut pairs.iter().map(|pair| pair.0));
    let plain = sorted(&mut pairs.iter().map(|pair| pair.1));
    let ratios = sorted(&mut pairs.iter().map(|(ours, plain)| plain / ours));
    let at = |values: &[f64], part: usize| values[(values.len() - 1) * part / 4];
    println!(
        "{:<20} {toolchain:<28} {:>9.2} us {:>9.2} us  {:.2} ({:.2} .. {:.2})",
        path.file_stem().unwrap().to_string_lossy(),
        at(&ours, 2),
        at(&plain, 2),
        at(&ratios, 2),
        at(&ratios, 1),
        at(&ratios, 3),
    );
}

/// Microseconds a step of the compiled model and of the peer, pair by pair.
fn time(
    folder: &Path,
    path: &Path,
    compiler: &str,
    flags: &str,
    target: Target,
    steps: usize,
    blocks: usize,
) -> Vec<(f64, f64)> {
    let settings =
        Settings { emit: vec![Emit::C], data: dopec::DataForm::Incbin, target, ..Settings::default() };
    let build = |source: &Source<'_>| Ok((dopec::read(source)?, dopec::compile(source, &settings)?));
    let (model, compiled) = files::with_source(path, build).0.unwrap_or_else(|faults| panic!("{faults}"));
    for file in compiled.files() {
        std::fs::write(folder.join(&file.name), file.bytes()).unwrap();
    }
    let (main, tables) = Peer::new(&model).finish(&model, steps, blocks);
    std::fs::write(folder.join("main.c"), main).unwrap();
    std::fs::write(folder.join("tables.bin"), tables).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = folder.join("main");
    let compile = |arguments: &[&str]| {
        let output = Command::new(compiler)
            .args(flags.split(' '))
            .args(["-std=gnu11", "-I", "."])
            .arg("-I")
            .arg(root.join("benches"))
            .arg("-I")
            .arg(root.join("../runtime-c/include"))
            .args(arguments)
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    compile(&["-march=native", "-c", &root.join("benches/cell.c").to_string_lossy(), "-o", "cell.o"]);
    compile(&["main.c", &format!("{}.c", model.name), "cell.o", "-lm", "-o", "main"]);
    let output = Command::new(program).current_dir(folder).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text.lines()
        .map(|line| {
            let (ours, plain) = line.split_once(' ').unwrap();
            (ours.parse().unwrap(), plain.parse().unwrap())
        })
        .collect()
}

/// The peer of a model: its tables as a file that it reads at its start, declarations of them, and the step.
#[derive(Default)]
struct Peer {
    bytes: Vec<u8>,
    declarations: String,
    reads: String,
    step: String,
    tables: usize,
    size: String,
}

impl Peer {
    fn new(model: &Model) -> Peer {
        let mut peer = Peer { size: "input".into(), ..Peer::default() };
        for (i, layer) in model.layers.iter().enumerate() {
            let x = std::mem::take(&mut peer.size);
            let y = format!("y{i}");
            let size = layer.kind.output_size();
            match &layer.kind {
                LayerKind::Embedding(embedding) => {
                    let EmbeddingWeight::Table(table) = &embedding.weight else {
                        panic!("a table is needed")
                    };
                    let table = peer.floats(&table.data);
                    let _ = writeln!(peer.step, "    const float *{y} = {table} + token * {size};");
                }
                LayerKind::Lstm(lstm) => {
                    let LstmWeights::Split { ih, hh } = &lstm.weights else {
                        panic!("two matrices are needed")
                    };
                    let zeros = vec![0.0; 4 * size];
                    let bias = peer.floats(lstm.bias.as_ref().unwrap_or(&zeros));
                    let _ = writeln!(
                        peer.declarations,
                        "static float h{i}[{size}], c{i}[{size}], g{i}[4 * {size}];"
                    );
                    let _ = writeln!(peer.step, "    memcpy(g{i}, {bias}, sizeof g{i});");
                    peer.matrix(ih, &format!("g{i}"), &x);
                    peer.matrix(hh, &format!("g{i}"), &format!("h{i}"));
                    let _ = writeln!(
                        peer.step,
                        "    plain_cell(h{i}, c{i}, g{i}, {size});\n    const float *{y} = h{i};"
                    );
                }
                LayerKind::Linear(linear) => {
                    let zeros = vec![0.0; size];
                    let bias = peer.floats(linear.bias.as_ref().unwrap_or(&zeros));
                    let _ = writeln!(peer.declarations, "static float {y}[{size}];");
                    let _ = writeln!(peer.step, "    memcpy({y}, {bias}, sizeof {y});");
                    peer.matrix(&linear.weight, &y, &x);
                }
                _ => panic!("the peer has no such layer"),
            }
            peer.size = y;
        }
        peer
    }

    /// Adds W x to y.
    fn matrix(&mut self, matrix: &Matrix, y: &str, x: &str) {
        match &matrix.structure {
            Some(Structure::Kronecker(factors)) if factors.len() == 2 => {
                let ([m1, n1], [m2, n2]) =
                    ([0, 1].map(|i| factors[0].shape[i]), [0, 1].map(|i| factors[1].shape[i]));
                let a = self.floats(&factors[0].data);
                let bt = self.floats(&transposed(&factors[1].data, m2, n2));
                let scratch = format!("s{}", self.tables);
                let _ = writeln!(self.declarations, "static float {scratch}[{}];", (n1 * m2).max(m1 * n2));
                let _ = writeln!(
                    self.step,
                    "    plain_kronecker({y}, {a}, {bt}, {x}, {scratch}, {m1}, {n1}, {m2}, {n2});"
                );
            }
            Some(Structure::Dense(weight)) => {
                let wt = self.floats(&transposed(&weight.data, matrix.rows, matrix.cols));
                let _ =
                    writeln!(self.step, "    plain_dense({y}, {wt}, {x}, {}, {});", matrix.rows, matrix.cols);
            }
            None => {}
            Some(_) => panic!("the peer has no such structure"),
        }
        if let Some(csr) = &matrix.sparse {
            let row_ptr =
                self.table("uint32_t", csr.row_ptr.len(), csr.row_ptr.iter().flat_map(|p| p.to_le_bytes()));
            let columns = csr.col_idx.iter().flat_map(|&column| (column as u16).to_le_bytes());
            let columns = self.table("uint16_t", csr.nnz(), columns);
            let values = self.floats(&csr.values);
            let _ = writeln!(
                self.step,
                "    plain_csr({y}, {row_ptr}, {columns}, {values}, {x}, {});",
                matrix.rows
            );
        }
    }

    fn floats(&mut self, values: &[f32]) -> String {
        self.table("float", values.len(), values.iter().flat_map(|value| value.to_le_bytes()))
    }

    fn table(&mut self, element: &str, len: usize, bytes: impl Iterator<Item = u8>) -> String {
        let name = format!("t{}", self.tables);
        self.tables += 1;
        self.bytes.extend(bytes);
        let _ = writeln!(
            self.declarations,
            "static {element} {name}[{}] __attribute__((aligned(64)));",
            len.max(1)
        );
        let _ = writeln!(self.reads, "    CHECK(fread({name}, sizeof *{name}, {len}, file) == {len});");
        name
    }

    /// The program that times both, and the tables.
    fn finish(self, model: &Model, steps: usize, blocks: usize) -> (String, Vec<u8>) {
        let Peer { declarations, reads, step, size: output, .. } = &self;
        let (name, upper) = (&model.name, model.name.to_uppercase());
        let outputs = model.output_size();
        let (input, width) = match model.input() {
            dopec::model::InputKind::Token { .. } => ("uint32_t token", 1),
            dopec::model::InputKind::Vector { size } => ("const float *input", size),
        };
        let (element, next) = if width == 1 && input.starts_with('u') {
            ("uint32_t", format!("(uint32_t)(i % {upper}_VOCAB_SIZE)"))
        } else {
            ("float", "(float)(i * 7 % 13) / 6.5f - 1.0f".to_owned())
        };
        let argument =
            if element == "uint32_t" { "inputs[s]".to_owned() } else { format!("inputs + s * {width}") };
        let text = format!(
            r#"#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "plain.h"
#include "{name}.h"
#define CHECK(condition) do {{ if (!(condition)) {{ fprintf(stderr, "%s\n", #condition); exit(1); }} }} while (0)
{declarations}
static __attribute__((noinline)) void plain_step({input}, float *result) {{
{step}    memcpy(result, {output}, {outputs} * sizeof *result);
}}
static double now(void) {{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}}
static {name}_state state;
static {name}_scratch scratch;
static {element} inputs[{steps} * {width}];
int main(void) {{
    static float ours[{outputs}], plain[{outputs}];
    FILE *file = fopen("tables.bin", "rb");
    CHECK(file != NULL);
{reads}    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {{
        inputs[i] = {next};
    }}
    {name}_reset(&state);
    for (int block = -2; block < {blocks}; block++) {{
        double start = now(), middle, end;
        for (size_t s = 0; s < {steps}; s++) {{
            {name}_step(&state, &scratch, {argument}, ours);
        }}
        middle = now();
        for (size_t s = 0; s < {steps}; s++) {{
            plain_step({argument}, plain);
        }}
        end = now();
        for (size_t i = 0; i < {outputs}; i++) {{
            CHECK(fabsf(ours[i] - plain[i]) <= 1e-3f * fmaxf(1.0f, fabsf(plain[i])));
        }}
        if (block >= 0) {{ /* the first blocks warm up */
            printf("%.4f %.4f\n", (middle - start) / {steps}, (end - middle) / {steps});
        }}
    }}
    return 0;
}}
"#
        );
        (text, self.bytes)
    }
}

/// The columns of a row-major matrix, one after another.
fn transposed(values: &[f32], rows: usize, cols: usize) -> Vec<f32> {
    (0..cols).flat_map(|j| (0..rows).map(move |i| values[i * cols + j])).collect()
}
