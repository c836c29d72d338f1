//! Random matrices of the model file: every structure, in any shape, with and without a sparse part.

use super::generator::Random;
use serde_json::{Map, Value, json};

/// A structure kind of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Dense,
    Kronecker,
    KroneckerOfThree,
    LowRank,
    Sum,
    VStack,
    HStack,
    BlockDiagonal,
    Monarch,
    Circulant,
}

/// What a matrix is made of beside its structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fill {
    /// No sparse part.
    Absent,
    /// A sparse part without non-zeros.
    Empty,
    /// A few non-zeros, with rows left empty.
    Some,
    /// Every place taken.
    All,
}

/// What a matrix is made of. Where neither is there, the sparse part is there all the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) kind: Option<Kind>,
    pub(super) fill: Fill,
}

pub(super) const KINDS: [(&str, Kind); 10] = [
    ("dense", Kind::Dense),
    ("kronecker", Kind::Kronecker),
    ("kronecker_of_three", Kind::KroneckerOfThree),
    ("low_rank", Kind::LowRank),
    ("sum", Kind::Sum),
    ("vstack", Kind::VStack),
    ("hstack", Kind::HStack),
    ("block_diagonal", Kind::BlockDiagonal),
    ("monarch", Kind::Monarch),
    ("circulant", Kind::Circulant),
];

pub(super) const FILLS: [(&str, Fill); 4] =
    [("plain", Fill::Absent), ("empty", Fill::Empty), ("some", Fill::Some), ("all", Fill::All)];

impl Random {
    pub(super) fn part(&mut self) -> Part {
        let fill = self.pick(&FILLS).1;
        let kind = if self.chance(0.1) { None } else { Some(self.pick(&KINDS).1) };
        Part { kind, fill }
    }

    pub(super) fn tensor(&mut self, shape: &[usize], deviation: f64) -> Value {
        let data: Vec<Value> = (0..shape.iter().product()).map(|_| number(self.value(deviation))).collect();
        json!({"shape": shape, "data": data})
    }

    pub(super) fn matrix(&mut self, rows: usize, cols: usize, part: Part) -> Value {
        let mut fields = Map::from_iter([("shape".to_string(), json!([rows, cols]))]);
        if let Some(kind) = part.kind {
            fields.insert("structure".into(), self.structure(kind, rows, cols, 2));
        }
        if part.kind.is_none() || part.fill != Fill::Absent {
            fields.insert("sparse".into(), self.sparse(rows, cols, part.fill));
        }
        Value::Object(fields)
    }

    fn sparse(&mut self, rows: usize, cols: usize, fill: Fill) -> Value {
        let density = match fill {
            Fill::Absent | Fill::Some => 0.2,
            Fill::Empty => 0.0,
            Fill::All => 1.0,
        };
        let deviation = 1.0 / (density * cols as f64).max(1.0).sqrt();
        let (mut row_ptr, mut col_idx, mut values) = (vec![0], Vec::new(), Vec::new());
        for row in 0..rows {
            let kept = density == 1.0 || (density > 0.0 && row % 5 != 3);
            for col in (0..cols).filter(|_| kept) {
                if self.chance(density) {
                    col_idx.push(col);
                    values.push(number(self.value(deviation)));
                }
            }
            row_ptr.push(values.len());
        }
        json!({
            "row_ptr": {"shape": [rows + 1], "data": row_ptr},
            "col_idx": {"shape": [col_idx.len()], "data": col_idx},
            "values": {"shape": [values.len()], "data": values},
        })
    }

    /// A structure of any kind in any shape; structures inside it go no deeper than `depth`.
    fn structure(&mut self, kind: Kind, rows: usize, cols: usize, depth: usize) -> Value {
        let deviation = 1.0 / (cols as f64).sqrt();
        match kind {
            Kind::Dense => json!({"dense": {"weight": self.tensor(&[rows, cols], deviation)}}),
            Kind::Kronecker => {
                let (m, n) = (self.divisor(rows), self.divisor(cols));
                self.kronecker(&[[m, n], [rows / m, cols / n]], deviation)
            }
            Kind::KroneckerOfThree => {
                let (m1, n1) = (self.divisor(rows), self.divisor(cols));
                let (m2, n2) = (self.divisor(rows / m1), self.divisor(cols / n1));
                self.kronecker(&[[m1, n1], [m2, n2], [rows / m1 / m2, cols / n1 / n2]], deviation)
            }
            Kind::LowRank => {
                let rank = 1 + self.below(4);
                let deviation = (deviation / (rank as f64).sqrt()).sqrt();
                let (left, right) =
                    (self.tensor(&[rows, rank], deviation), self.tensor(&[rank, cols], deviation));
                json!({"low_rank": {"left": left, "right": right}})
            }
            Kind::Sum => {
                let terms: Vec<Value> =
                    (0..1 + self.below(3)).map(|_| self.inner_structure(rows, cols, depth)).collect();
                json!({"sum": {"terms": terms}})
            }
            Kind::VStack => {
                let blocks: Vec<Value> =
                    self.cut(rows).into_iter().map(|rows| self.inner_matrix(rows, cols, depth)).collect();
                blocks_object("vstack", &blocks)
            }
            Kind::HStack => {
                let blocks: Vec<Value> =
                    self.cut(cols).into_iter().map(|cols| self.inner_matrix(rows, cols, depth)).collect();
                blocks_object("hstack", &blocks)
            }
            Kind::BlockDiagonal => {
                // As many blocks each way, so the shorter side says how many.
                let (mut heights, mut widths) = (self.cut(rows), self.cut(cols));
                let count = heights.len().min(widths.len());
                merge_to(&mut heights, count);
                merge_to(&mut widths, count);
                let shapes = heights.into_iter().zip(widths);
                let blocks: Vec<Value> =
                    shapes.map(|(rows, cols)| self.inner_matrix(rows, cols, depth)).collect();
                blocks_object("block_diagonal", &blocks)
            }
            Kind::Monarch => self.monarch(rows, cols, deviation),
            Kind::Circulant => self.circulant(rows, cols, deviation),
        }
    }

    /// A structure for the inside of another; no further compound where `depth` is used up.
    fn inner_structure(&mut self, rows: usize, cols: usize, depth: usize) -> Value {
        let simple = [Kind::Dense, Kind::Kronecker, Kind::LowRank, Kind::Monarch, Kind::KroneckerOfThree];
        let kind = if depth > 0 { self.pick(&KINDS).1 } else { self.pick(&simple) };
        self.structure(kind, rows, cols, depth.saturating_sub(1))
    }

    fn inner_matrix(&mut self, rows: usize, cols: usize, depth: usize) -> Value {
        let part = self.part();
        let mut fields = self.matrix(rows, cols, Part { kind: None, fill: part.fill });
        if part.kind.is_some() {
            let structure = self.inner_structure(rows, cols, depth);
            fields["structure"] = structure;
            if part.fill == Fill::Absent {
                fields.as_object_mut().expect("a matrix is an object").remove("sparse");
            }
        }
        fields
    }

    fn kronecker(&mut self, shapes: &[[usize; 2]], deviation: f64) -> Value {
        let deviation = deviation.powf(1.0 / shapes.len() as f64);
        let factors: Vec<Value> = shapes.iter().map(|shape| self.tensor(shape, deviation)).collect();
        json!({"kronecker": {"factors": factors}})
    }

    fn monarch(&mut self, rows: usize, cols: usize, deviation: f64) -> Value {
        let (l, k, paths) = (self.divisor(rows), self.divisor(cols), 1 + self.below(2));
        let deviation = (deviation / (paths as f64).sqrt()).sqrt();
        let first = self.tensor(&[k, l * paths, cols / k], deviation);
        let second = self.tensor(&[l, rows / l, k * paths], deviation);
        json!({"monarch": {"first": first, "second": second}})
    }

    /// A circulant where the shape is square; else as many squares as fit, beside what is left.
    fn circulant(&mut self, rows: usize, cols: usize, deviation: f64) -> Value {
        if rows == cols {
            return json!({"circulant": {"first_column": self.tensor(&[rows], deviation)}});
        }
        let (side, length) = (rows.min(cols), rows.max(cols));
        let mut lengths = vec![side; length / side];
        lengths.extend(Some(length % side).filter(|&rest| rest > 0));
        let mut block = |length| {
            let (rows, cols) = if rows > cols { (length, cols) } else { (rows, length) };
            json!({"shape": [rows, cols], "structure": self.circulant(rows, cols, deviation)})
        };
        let blocks: Vec<Value> = lengths.into_iter().map(&mut block).collect();
        blocks_object(if rows > cols { "vstack" } else { "hstack" }, &blocks)
    }

    /// `n` cut into one to three parts, in order.
    fn cut(&mut self, n: usize) -> Vec<usize> {
        let (mut parts, mut rest) = (Vec::new(), n);
        while rest > 1 && parts.len() < 2 {
            let part = 1 + self.below(rest - 1);
            parts.push(part);
            rest -= part;
        }
        parts.push(rest);
        parts
    }
}

/// The shortest decimal that reads back as the same 32-bit float.
pub(super) fn number(value: f32) -> Value {
    let shortest: f64 = format!("{value:?}").parse().expect("a printed float reads back");
    json!(shortest)
}

fn blocks_object(kind: &str, blocks: &[Value]) -> Value {
    json!({(kind): {"blocks": blocks}})
}

/// Adds parts together at the end until `count` are left.
fn merge_to(parts: &mut Vec<usize>, count: usize) {
    while parts.len() > count {
        let last = parts.pop().expect("more parts than none");
        *parts.last_mut().expect("one part is left at least") += last;
    }
}
