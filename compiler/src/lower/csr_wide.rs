//! Sparse parts on wide vectors: compressed rows, whatever the plan says for one vector.
//!
//! Every non-zero meets a row of lanes that stand side by side, so nothing is gathered, and neither slices nor
//! look-ups would gain anything.

use super::builder::Builder;
use super::path::Path;
use crate::model::Csr;
use crate::numbers::thousands;
use crate::program::{Call, Data, Init, Kernel, Source, Table, View};

/// Adds y = init + S x for a sparse S and wide x and y.
pub(super) fn multiply(builder: &mut Builder, path: &Path, csr: Csr, x: View, y: View, init: Init) {
    let lanes = builder.lanes();
    let (rows, cols, nnz) = (y.len / lanes, x.len / lanes, csr.nnz());
    let title = format!("{}: sparse {rows}×{cols}, {} non-zeros", path.dotted(), thousands(nnz));
    if nnz == 0 {
        if init != Init::Accumulate {
            builder.fill(y, init, &format!("{title}: nothing to add"));
        }
        return;
    }
    let columns = Data::indices(&csr.col_idx, cols);
    let index_types = columns.index_type().into_iter().collect();
    let field = path.field("sparse");
    let tables = [
        ("row_ptr", Data::U32(csr.row_ptr), "where each row starts"),
        ("columns", columns, "the column of each value"),
        ("values", Data::F32(csr.values), "values by row"),
    ];
    let tables = tables
        .into_iter()
        .map(|(name, data, note)| Table::Given(builder.constant(&field.field(name), data, note)))
        .collect();
    builder.call(Call {
        kernel: Kernel::CSR_WIDE,
        index_types,
        outputs: vec![y],
        init: Some(init),
        tables,
        inputs: vec![Source::View(x)],
        dims: vec![rows, nnz, lanes],
        scalar: None,
        multiply_adds: (nnz * lanes) as u64,
        why: format!("{title}; compressed rows, each non-zero times {lanes} lanes"),
    });
}
