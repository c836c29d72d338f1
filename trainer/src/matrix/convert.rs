//! Matrices from and to those of [`dopec::model`].

use super::{Matrix, Sparse, Structure};
use crate::network::{BlockSpec, MatrixSpec, StructureSpec};
use crate::parameter::{ParameterId, Parameters};
use crate::real::Real;
use dopec::model;

/// The form of a matrix.
pub(crate) fn spec_of(matrix: &model::Matrix) -> MatrixSpec {
    MatrixSpec {
        structure: matrix.structure.as_ref().map(spec_of_structure),
        nonzeros: matrix.sparse.as_ref().map(model::Csr::nnz),
    }
}

fn spec_of_structure(structure: &model::Structure) -> StructureSpec {
    let blocks = |blocks: &[model::Matrix]| {
        let block =
            |block: &model::Matrix| BlockSpec { rows: block.rows, cols: block.cols, matrix: spec_of(block) };
        blocks.iter().map(block).collect()
    };
    let three = |tensor: &model::Tensor| [tensor.shape[0], tensor.shape[1], tensor.shape[2]];
    match structure {
        model::Structure::Dense(_) => StructureSpec::Dense,
        model::Structure::Kronecker(factors) => StructureSpec::Kronecker {
            factors: factors.iter().map(|factor| [factor.shape[0], factor.shape[1]]).collect(),
        },
        model::Structure::LowRank { left, .. } => StructureSpec::LowRank { rank: left.shape[1] },
        model::Structure::Sum(terms) => {
            StructureSpec::Sum { terms: terms.iter().map(spec_of_structure).collect() }
        }
        model::Structure::VStack(stacked) => StructureSpec::VStack { blocks: blocks(stacked) },
        model::Structure::HStack(stacked) => StructureSpec::HStack { blocks: blocks(stacked) },
        model::Structure::BlockDiagonal(placed) => StructureSpec::BlockDiagonal { blocks: blocks(placed) },
        model::Structure::Monarch { first, second } => {
            StructureSpec::Monarch { first: three(first), second: three(second) }
        }
        model::Structure::Circulant(_) => StructureSpec::Circulant,
    }
}

/// Takes the values of `from`, which has the form that `to` was built by; the positions of its sparse part
/// become the mask.
pub(crate) fn load<R: Real>(to: &mut Matrix, from: &model::Matrix, parameters: &mut Parameters<R>) {
    if let (Some(to), Some(from)) = (&to.structure, &from.structure) {
        load_structure(to, from, parameters);
    }
    if let (Some(to), Some(from)) = (&mut to.structure, &from.structure) {
        load_nested(to, from, parameters);
    }
    if let (Some(sparse), Some(csr)) = (&mut to.sparse, &from.sparse) {
        sparse.mask.fill(0);
        let values = &mut parameters[sparse.values].values;
        values.fill(R::ZERO);
        for i in 0..to.rows {
            for (j, value) in csr.row(i) {
                sparse.mask[i * to.cols + j] = 1;
                values[i * to.cols + j] = R::of(f64::from(value));
            }
        }
    }
}

fn load_structure<R: Real>(to: &Structure, from: &model::Structure, parameters: &mut Parameters<R>) {
    let mut set = |id: &ParameterId, data: &[f32]| set_values(parameters, *id, data);
    match (to, from) {
        (Structure::Dense(weight), model::Structure::Dense(tensor)) => set(weight, &tensor.data),
        (Structure::Kronecker(factors), model::Structure::Kronecker(tensors)) => {
            factors.iter().zip(tensors).for_each(|(factor, tensor)| set(factor, &tensor.data));
        }
        (Structure::LowRank { left: l, right: r }, model::Structure::LowRank { left, right }) => {
            set(l, &left.data);
            set(r, &right.data);
        }
        (Structure::Monarch { first: f, second: s }, model::Structure::Monarch { first, second }) => {
            set(f, &first.data);
            set(s, &second.data);
        }
        (Structure::Circulant(column), model::Structure::Circulant(values)) => set(column, values),
        _ => {}
    }
}

fn load_nested<R: Real>(to: &mut Structure, from: &model::Structure, parameters: &mut Parameters<R>) {
    match (to, from) {
        (Structure::Sum(to), model::Structure::Sum(from)) => {
            for (to, from) in to.iter_mut().zip(from) {
                load_structure(to, from, parameters);
                load_nested(to, from, parameters);
            }
        }
        (Structure::VStack(to), model::Structure::VStack(from))
        | (Structure::HStack(to), model::Structure::HStack(from))
        | (Structure::BlockDiagonal(to), model::Structure::BlockDiagonal(from)) => {
            to.iter_mut().zip(from).for_each(|(to, from)| load(to, from, parameters));
        }
        _ => {}
    }
}

/// Replaces the values of a parameter by as many others.
pub(crate) fn set_values<R: Real>(parameters: &mut Parameters<R>, id: ParameterId, data: &[f32]) {
    let values = &mut parameters[id].values;
    assert_eq!(values.len(), data.len(), "a specification read off a model has its extents");
    values.iter_mut().zip(data).for_each(|(to, &from)| *to = R::of(f64::from(from)));
}

/// The matrix with its present values and mask.
pub(crate) fn to_model<R: Real>(matrix: &Matrix, parameters: &Parameters<R>) -> model::Matrix {
    model::Matrix {
        rows: matrix.rows,
        cols: matrix.cols,
        structure: matrix.structure.as_ref().map(|structure| structure_to_model(structure, parameters)),
        sparse: matrix.sparse.as_ref().map(|sparse| sparse_to_model(sparse, matrix.cols, parameters)),
    }
}

fn structure_to_model<R: Real>(structure: &Structure, parameters: &Parameters<R>) -> model::Structure {
    let tensor = |id: &ParameterId| tensor(parameters, *id);
    let matrices = |blocks: &[Matrix]| blocks.iter().map(|block| to_model(block, parameters)).collect();
    match structure {
        Structure::Dense(weight) => model::Structure::Dense(tensor(weight)),
        Structure::Kronecker(factors) => model::Structure::Kronecker(factors.iter().map(tensor).collect()),
        Structure::LowRank { left, right } => {
            model::Structure::LowRank { left: tensor(left), right: tensor(right) }
        }
        Structure::Sum(terms) => {
            model::Structure::Sum(terms.iter().map(|term| structure_to_model(term, parameters)).collect())
        }
        Structure::VStack(blocks) => model::Structure::VStack(matrices(blocks)),
        Structure::HStack(blocks) => model::Structure::HStack(matrices(blocks)),
        Structure::BlockDiagonal(blocks) => model::Structure::BlockDiagonal(matrices(blocks)),
        Structure::Monarch { first, second } => {
            model::Structure::Monarch { first: tensor(first), second: tensor(second) }
        }
        Structure::Circulant(column) => model::Structure::Circulant(tensor(column).data),
    }
}

/// The kept positions, those of value zero among them.
fn sparse_to_model<R: Real>(sparse: &Sparse, cols: usize, parameters: &Parameters<R>) -> model::Csr {
    let mut csr = model::Csr { row_ptr: vec![0], col_idx: Vec::new(), values: Vec::new() };
    let values = parameters[sparse.values].values.chunks_exact(cols);
    for (values, mask) in values.zip(sparse.mask.chunks_exact(cols)) {
        for (j, (value, _)) in values.iter().zip(mask).enumerate().filter(|(_, (_, kept))| **kept == 1) {
            csr.col_idx.push(j as u32);
            csr.values.push(value.wide() as f32);
        }
        csr.row_ptr.push(csr.values.len() as u32);
    }
    csr
}

/// A parameter as a tensor of 32-bit floats.
pub(crate) fn tensor<R: Real>(parameters: &Parameters<R>, id: ParameterId) -> model::Tensor {
    let parameter = &parameters[id];
    let data = parameter.values.iter().map(|value| value.wide() as f32).collect();
    model::Tensor { shape: parameter.shape.clone(), data }
}
