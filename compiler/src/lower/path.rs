//! Paths of fields: they name constants and functions, and start the reasons that are printed.

/// The path of a field, such as `lstm0.weight_hh.blocks_1`: names constants and functions.
#[derive(Debug, Clone)]
pub(super) struct Path(String);

impl Path {
    /// A layer's path.
    pub(super) fn layer(name: &str) -> Path {
        Path(name.to_owned())
    }

    /// The path of a field below this one.
    pub(super) fn field(&self, name: &str) -> Path {
        Path(format!("{}.{name}", self.0))
    }

    /// The path of an element of a list field.
    pub(super) fn element(&self, name: &str, index: usize) -> Path {
        Path(format!("{}.{name}_{index}", self.0))
    }

    /// The path as people read it.
    pub(super) fn dotted(&self) -> &str {
        &self.0
    }

    /// The path as an identifier, which another path may share.
    pub(super) fn identifier(&self) -> String {
        self.0.replace('.', "_")
    }
}

/// The label of a matrix's shape in reasons: `512×128`.
pub(super) fn shape(rows: usize, cols: usize) -> String {
    format!("{rows}×{cols}")
}
