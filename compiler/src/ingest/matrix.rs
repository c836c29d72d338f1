//! M and S: matrices and their structures, each against the shape it must have.

use super::json::Node;
use super::reader::{Reader, list};
use crate::model::{Csr, Matrix, Structure, Tensor};

/// The kinds of structure.
const KINDS: [&str; 9] =
    ["dense", "kronecker", "low_rank", "sum", "vstack", "hstack", "block_diagonal", "monarch", "circulant"];

/// Factors of a Kronecker product beyond this are refused: as many of two rows make more than a matrix may have.
const MAX_FACTORS: usize = 32;

/// Structures inside structures beyond this are refused.
const MAX_DEPTH: usize = 32;

impl<'a> Reader<'a> {
    /// A matrix that must be rows × cols.
    pub(super) fn matrix(&mut self, node: &Node<'a>, rows: usize, cols: usize) -> Option<Matrix> {
        let (matrix, shape) = self.any_matrix(node, 0)?;
        if (matrix.rows, matrix.cols) != (rows, cols) {
            let fault = self.fault(&shape, "a matrix of the wrong shape", "this shape");
            fault.expected = Some(format!("[{rows}, {cols}], from the sizes of the layer"));
            fault.found = Some(format!("[{}, {}]", matrix.rows, matrix.cols));
            fault.help = Some(
                "mend the matrix or the sizes of the layer; W acts on columns: [outputs, inputs]".to_owned(),
            );
            return None;
        }
        Some(matrix)
    }

    /// A matrix of its own shape, and the node of that shape.
    fn any_matrix(&mut self, node: &Node<'a>, depth: usize) -> Option<(Matrix, Node<'a>)> {
        let mut fields = self.fields(node, &["shape", "structure", "sparse"])?;
        let shape_node = self.require(&mut fields, "shape");
        let (structure_node, sparse_node) = (fields.take("structure"), fields.take("sparse"));
        let shape_node = shape_node?;
        let shape: Vec<usize> = self.numbers(&shape_node)?;
        let (rows, cols) = match shape[..] {
            [rows, cols] if rows > 0 && cols > 0 => (rows, cols),
            _ => {
                let fault = self.fault(&shape_node, "not the shape of a matrix", "this shape");
                fault.expected = Some("[rows, cols], each at least 1".to_owned());
                fault.found = Some(format!("{shape:?}"));
                fault.help = Some("give the number of outputs, then that of inputs".to_owned());
                return None;
            }
        };
        if rows.checked_mul(cols).is_none_or(|size| size > u32::MAX as usize) {
            let fault = self.fault(&shape_node, "a matrix too large to address", "this shape");
            fault.expected = Some("rows · cols below 4294967296".to_owned());
            fault.found = Some(format!("{rows} · {cols}"));
            fault.help = Some("mend the shape, or part the layer into smaller ones".to_owned());
            return None;
        }
        if structure_node.is_none() && sparse_node.is_none() {
            let fault = self.fault(node, "a matrix of nothing", "this matrix");
            fault.expected = Some("`structure`, `sparse`, or both".to_owned());
            fault.found = Some("neither".to_owned());
            fault.help = Some("add the part that it was trained as".to_owned());
            return None;
        }
        let structure = structure_node.map(|node| self.structure(&node, rows, cols, depth + 1));
        let sparse = sparse_node.map(|node| self.csr(&node, rows, cols));
        let structure = match structure {
            Some(read) => Some(read?),
            None => None,
        };
        let sparse = match sparse {
            Some(read) => Some(read?),
            None => None,
        };
        Some((Matrix { rows, cols, structure, sparse }, shape_node))
    }

    fn structure(&mut self, node: &Node<'a>, rows: usize, cols: usize, depth: usize) -> Option<Structure> {
        if depth > MAX_DEPTH {
            let fault = self.fault(node, "structures nested too deep", "one too many");
            fault.expected = Some(format!("at most {MAX_DEPTH} inside each other"));
            fault.found = Some("another inside those".to_owned());
            fault.help = Some("flatten sums and stacks: a sum of sums is one sum".to_owned());
            return None;
        }
        let fields = self.fields(node, &KINDS)?;
        let found = fields.names();
        let Some((kind, inner)) = fields.only() else {
            let fault = self.fault(node, "a structure has exactly one key, its kind", "this structure");
            fault.expected = Some(format!("one of {}", list(&KINDS)));
            fault.found = Some(found);
            fault.help = Some("keep one; several are added up by `sum`".to_owned());
            return None;
        };
        match kind.as_str() {
            "dense" => {
                let mut fields = self.fields(&inner, &["weight"])?;
                let weight = self.require(&mut fields, "weight")?;
                self.tensor_shaped(&weight, &[rows, cols]).map(Structure::Dense)
            }
            "kronecker" => self.kronecker(&inner, rows, cols),
            "low_rank" => {
                let mut fields = self.fields(&inner, &["left", "right"])?;
                let (left, right) = (self.require(&mut fields, "left"), self.require(&mut fields, "right"));
                let right_node = right?;
                let right = self.tensor_of(&right_node, 2)?;
                let left = self.tensor_shaped(&left?, &[rows, right.shape[0]])?;
                self.shape_is(&right_node, &right.shape, &[right.shape[0], cols])
                    .then_some(Structure::LowRank { left, right })
            }
            "sum" => {
                let terms = self.children(&inner, "terms")?;
                let read: Vec<_> =
                    terms.iter().map(|term| self.structure(term, rows, cols, depth + 1)).collect();
                read.into_iter().collect::<Option<Vec<_>>>().map(Structure::Sum)
            }
            "vstack" | "hstack" | "block_diagonal" => {
                let blocks = self.blocks(&inner, depth)?;
                let sum =
                    |size: fn(&Matrix) -> usize| blocks.iter().map(size).fold(0_usize, usize::saturating_add);
                let (down, across) = (sum(|block| block.rows), sum(|block| block.cols));
                let even =
                    |size: fn(&Matrix) -> usize, all: usize| blocks.iter().all(|block| size(block) == all);
                let fits = match kind.as_str() {
                    "vstack" => down == rows && even(|block| block.cols, cols),
                    "hstack" => across == cols && even(|block| block.rows, rows),
                    _ => down == rows && across == cols,
                };
                if !fits {
                    let shapes: Vec<String> =
                        blocks.iter().map(|block| format!("[{}, {}]", block.rows, block.cols)).collect();
                    let fault = self.fault(
                        &inner,
                        format!("the blocks of `{kind}` do not make the matrix"),
                        "these blocks",
                    );
                    fault.expected = Some(format!("blocks that make [{rows}, {cols}]"));
                    fault.found = Some(shapes.join(", "));
                    fault.help = Some("mend a block or the matrix's `shape`".to_owned());
                    return None;
                }
                Some(match kind.as_str() {
                    "vstack" => Structure::VStack(blocks),
                    "hstack" => Structure::HStack(blocks),
                    _ => Structure::BlockDiagonal(blocks),
                })
            }
            "monarch" => self.monarch(&inner, rows, cols),
            _ => {
                let mut fields = self.fields(&inner, &["first_column"])?;
                let column = self.require(&mut fields, "first_column")?;
                if rows != cols {
                    let fault = self.fault(node, "a circulant matrix is square", "this matrix is not");
                    fault.expected = Some("as many rows as columns".to_owned());
                    fault.found = Some(format!("[{rows}, {cols}]"));
                    fault.help = Some("mend the matrix's `shape`, or use another structure".to_owned());
                    return None;
                }
                self.tensor_shaped(&column, &[rows]).map(|tensor| Structure::Circulant(tensor.data))
            }
        }
    }

    fn kronecker(&mut self, inner: &Node<'a>, rows: usize, cols: usize) -> Option<Structure> {
        let nodes = self.children(inner, "factors")?;
        if nodes.len() < 2 {
            let fault = self.fault(inner, "a Kronecker product of fewer than two factors", "these factors");
            fault.expected = Some(format!("2 to {MAX_FACTORS} factors"));
            fault.found = Some("1".to_owned());
            fault.help = Some("for one factor use `dense`".to_owned());
            return None;
        }
        if nodes.len() > MAX_FACTORS {
            let fault = self.fault(inner, "a Kronecker product of too many factors", "these factors");
            fault.expected = Some(format!("2 to {MAX_FACTORS} factors"));
            fault.found = Some(nodes.len().to_string());
            fault.help = Some("multiply neighbours into one factor, first those of one element".to_owned());
            return None;
        }
        let read: Vec<Option<Tensor>> = nodes.iter().map(|node| self.tensor_of(node, 2)).collect();
        let factors = read.into_iter().collect::<Option<Vec<_>>>()?;
        let product = |side: usize| {
            factors.iter().try_fold(1_usize, |product, factor| product.checked_mul(factor.shape[side]))
        };
        if (product(0), product(1)) != (Some(rows), Some(cols)) {
            let shapes: Vec<String> = factors.iter().map(|factor| format!("{:?}", factor.shape)).collect();
            let fault = self.fault(inner, "the factors' product is not the matrix", "these factors");
            fault.expected = Some(format!("factors whose shapes multiply to [{rows}, {cols}]"));
            let size = |side| product(side).map_or("too much".to_owned(), |size| size.to_string());
            fault.found = Some(format!("{}, which make [{}, {}]", shapes.join(" ⊗ "), size(0), size(1)));
            fault.help = Some("mend a factor or the matrix's `shape`".to_owned());
            return None;
        }
        Some(Structure::Kronecker(factors))
    }

    fn monarch(&mut self, inner: &Node<'a>, rows: usize, cols: usize) -> Option<Structure> {
        let mut fields = self.fields(inner, &["first", "second"])?;
        let (first, second) = (self.require(&mut fields, "first"), self.require(&mut fields, "second"));
        let first = first.and_then(|node| self.tensor_of(&node, 3));
        let second = second.and_then(|node| self.tensor_of(&node, 3));
        let (first, second) = (first?, second?);
        let ([k, q, p], [l, s, r]) = ([0, 1, 2].map(|i| first.shape[i]), [0, 1, 2].map(|i| second.shape[i]));
        let (asked, found) = if k * p != cols {
            (format!("k·p = {cols}, the columns"), format!("first [k, q, p] = [{k}, {q}, {p}]"))
        } else if s * l != rows {
            (format!("s·l = {rows}, the rows"), format!("second [l, s, r] = [{l}, {s}, {r}]"))
        } else if l * r != k * q {
            ("l·r = k·q".to_owned(), format!("l·r = {} and k·q = {}", l * r, k * q))
        } else {
            return Some(Structure::Monarch { first, second });
        };
        let fault = self.fault(inner, "the stages of a monarch matrix do not fit", "these stages");
        fault.expected = Some(asked);
        fault.found = Some(found);
        fault.help = Some("mend the shape of a stage or of the matrix".to_owned());
        None
    }

    /// The elements of the one list field of an object; at least one.
    fn children(&mut self, node: &Node<'a>, key: &str) -> Option<Vec<Node<'a>>> {
        let mut fields = self.fields(node, &[key])?;
        let list = self.require(&mut fields, key)?;
        let Some(elements) = list.elements() else {
            self.wrong_type(&list, "an array");
            return None;
        };
        if elements.is_empty() {
            let fault = self.fault(&list, format!("`{key}` is empty"), "nothing in it");
            fault.expected = Some("one or more".to_owned());
            fault.found = Some("none".to_owned());
            fault.help = Some("add what the matrix is made of, or leave `structure` out".to_owned());
            return None;
        }
        Some(elements)
    }

    fn blocks(&mut self, inner: &Node<'a>, depth: usize) -> Option<Vec<Matrix>> {
        let nodes = self.children(inner, "blocks")?;
        let read: Vec<_> =
            nodes.iter().map(|node| self.any_matrix(node, depth + 1).map(|(matrix, _)| matrix)).collect();
        read.into_iter().collect()
    }

    /// P: compressed rows.
    fn csr(&mut self, node: &Node<'a>, rows: usize, cols: usize) -> Option<Csr> {
        let mut fields = self.fields(node, &["row_ptr", "col_idx", "values"])?;
        let row_ptr = self.require(&mut fields, "row_ptr");
        let col_idx = self.require(&mut fields, "col_idx");
        let values = self.require(&mut fields, "values");
        let row_ptr = row_ptr.and_then(|node| self.indices(&node));
        let col_idx = col_idx.and_then(|node| self.indices(&node));
        let values = values.and_then(|node| self.floats(&node));
        let (row_ptr, col_idx, values) = (row_ptr?, col_idx?, values?);
        if !self.shape_is(&row_ptr.node, &row_ptr.shape, &[rows + 1]) {
            return None;
        }
        let nnz = values.data.len();
        if values.shape.len() != 1 {
            self.shape_is(&values.node, &values.shape, &[nnz]);
            return None;
        }
        if !self.shape_is(&col_idx.node, &col_idx.shape, &[nnz]) {
            return None;
        }
        let pointers = &row_ptr.data;
        let wrong = if pointers[0] != 0 {
            Some((0, "starts at 0".to_owned(), "it starts"))
        } else if let Some(i) = pointers.windows(2).position(|pair| pair[1] < pair[0]) {
            Some((i + 1, format!("never falls: at least {} here", pointers[i]), "it falls"))
        } else if let Some(i) = pointers.iter().position(|&pointer| pointer as usize > nnz) {
            Some((i, format!("never passes the {nnz} values"), "it overruns"))
        } else if pointers[rows] as usize != nnz {
            Some((rows, format!("ends at {nnz}, the number of values"), "it ends"))
        } else {
            None
        };
        if let Some((i, expected, title)) = wrong {
            let found = pointers[i];
            let fault = self.fault(
                &row_ptr.node,
                format!("`row_ptr`: {title} where it must not"),
                format!("element {i} is {found}"),
            );
            fault.expected = Some(format!("a row_ptr that {expected}"));
            fault.found = Some(format!("{found} as element {i}"));
            fault.help = Some(
                "write the arrays of a CSR matrix with sorted indices (scipy: m.sort_indices())".to_owned(),
            );
            return None;
        }
        for row in 0..rows {
            let (start, end) = (pointers[row] as usize, pointers[row + 1] as usize);
            let columns = &col_idx.data[start..end];
            let outside = columns.iter().position(|&column| column as usize >= cols);
            let fall = columns.windows(2).position(|pair| pair[1] <= pair[0]);
            let (at, title, expected) = match (outside, fall) {
                (Some(i), _) => (i, "a column out of range", format!("columns below {cols}")),
                (None, Some(i)) if columns[i] == columns[i + 1] => {
                    (i + 1, "a column repeated in its row", "each column once in a row".to_owned())
                }
                (None, Some(i)) => {
                    (i + 1, "columns of a row out of order", "columns that rise in each row".to_owned())
                }
                (None, None) => continue,
            };
            let found = columns[at];
            let label = format!("element {} is {found}", start + at);
            let fault = self.fault(&col_idx.node, format!("`col_idx`: {title}"), label);
            fault.expected = Some(expected);
            fault.found = Some(format!("{found} as element {}, in row {row}", start + at));
            fault.help = Some(
                "write the arrays of a CSR matrix with sorted indices (scipy: m.sum_duplicates())".to_owned(),
            );
            return None;
        }
        Some(Csr { row_ptr: row_ptr.data, col_idx: col_idx.data, values: values.data })
    }
}
