//! Matrices: a structure and a sparse part in the format's words.

use super::layout::{Json, object};
use super::store::Store;
use crate::model::{Matrix, Structure, Tensor};

/// M, whose tensors' keys begin with `key`.
pub(super) fn matrix(matrix: &Matrix, key: &str, store: &mut Store) -> Json {
    let mut fields = vec![("shape", Json::plain(format_args!("[{}, {}]", matrix.rows, matrix.cols)))];
    fields.extend(matrix.structure.as_ref().map(|inner| ("structure", structure(inner, key, store))));
    if let Some(sparse) = &matrix.sparse {
        let row_ptr = store.indices(&format!("{key}.row_ptr"), &sparse.row_ptr, u32::MAX as usize);
        let col_idx = store.indices(&format!("{key}.col_idx"), &sparse.col_idx, matrix.cols);
        let values = store.floats(&format!("{key}.values"), &[sparse.nnz()], &sparse.values);
        fields.push(("sparse", object(vec![("row_ptr", row_ptr), ("col_idx", col_idx), ("values", values)])));
    }
    object(fields)
}

/// T
pub(super) fn tensor(tensor: &Tensor, key: &str, store: &mut Store) -> Json {
    store.floats(key, &tensor.shape, &tensor.data)
}

fn structure(value: &Structure, key: &str, store: &mut Store) -> Json {
    let mut named =
        |name: &'static str, value: &Tensor| (name, tensor(value, &format!("{key}.{name}"), store));
    let (kind, fields) = match value {
        Structure::Dense(weight) => ("dense", vec![named("weight", weight)]),
        Structure::LowRank { left, right } => ("low_rank", vec![named("left", left), named("right", right)]),
        Structure::Monarch { first, second } => {
            ("monarch", vec![named("first", first), named("second", second)])
        }
        Structure::Circulant(column) => {
            let column = store.floats(&format!("{key}.first_column"), &[column.len()], column);
            ("circulant", vec![("first_column", column)])
        }
        Structure::Kronecker(factors) => ("kronecker", list("factors", factors, key, store, tensor)),
        Structure::Sum(terms) => ("sum", list("terms", terms, key, store, structure)),
        Structure::VStack(blocks) => ("vstack", list("blocks", blocks, key, store, matrix)),
        Structure::HStack(blocks) => ("hstack", list("blocks", blocks, key, store, matrix)),
        Structure::BlockDiagonal(blocks) => ("block_diagonal", list("blocks", blocks, key, store, matrix)),
    };
    object(vec![(kind, object(fields))])
}

/// A field that is a list; element 2 of `blocks` has keys that begin with `key.blocks.2`.
fn list<T>(
    name: &'static str,
    elements: &[T],
    key: &str,
    store: &mut Store,
    one: impl Fn(&T, &str, &mut Store) -> Json,
) -> Vec<(&'static str, Json)> {
    let elements = elements.iter().enumerate();
    vec![(
        name,
        Json::List(elements.map(|(i, element)| one(element, &format!("{key}.{name}.{i}"), store)).collect()),
    )]
}
