//! The values of tables, and the types they are stored in.

/// The values of a constant, in the type they are stored in.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// 32-bit floats.
    F32(Vec<f32>),
    /// Indices below 2⁸.
    U8(Vec<u8>),
    /// Indices below 2¹⁶.
    U16(Vec<u16>),
    /// Indices below 2³².
    U32(Vec<u32>),
}

/// The integer type of an index table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexType {
    /// 8 bits.
    U8,
    /// 16 bits.
    U16,
    /// 32 bits.
    U32,
}

impl Data {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Data::F32(values) => values.len(),
            Data::U8(values) => values.len(),
            Data::U16(values) => values.len(),
            Data::U32(values) => values.len(),
        }
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of all values.
    pub fn bytes(&self) -> usize {
        self.len() * self.value_bytes()
    }

    /// Bytes of one value.
    pub fn value_bytes(&self) -> usize {
        match self {
            Data::U8(_) => 1,
            Data::U16(_) => 2,
            Data::F32(_) | Data::U32(_) => 4,
        }
    }

    /// Gives back memory that holds no values.
    pub(crate) fn shrink(&mut self) {
        match self {
            Data::F32(values) => values.shrink_to_fit(),
            Data::U8(values) => values.shrink_to_fit(),
            Data::U16(values) => values.shrink_to_fit(),
            Data::U32(values) => values.shrink_to_fit(),
        }
    }

    /// The index type, for tables of indices.
    pub fn index_type(&self) -> Option<IndexType> {
        match self {
            Data::F32(_) => None,
            Data::U8(_) => Some(IndexType::U8),
            Data::U16(_) => Some(IndexType::U16),
            Data::U32(_) => Some(IndexType::U32),
        }
    }

    /// The name of the values' type, as printed.
    pub fn element(&self) -> &'static str {
        self.index_type().map_or("f32", |index| index.name())
    }

    /// Indices in the smallest type that holds every value below `bound`.
    pub fn indices(values: &[u32], bound: usize) -> Data {
        match IndexType::below(bound) {
            IndexType::U8 => Data::U8(values.iter().map(|&value| value as u8).collect()),
            IndexType::U16 => Data::U16(values.iter().map(|&value| value as u16).collect()),
            IndexType::U32 => Data::U32(values.to_vec()),
        }
    }
}

impl IndexType {
    /// The smallest type that holds every index below `bound`.
    pub fn below(bound: usize) -> IndexType {
        match bound {
            0..=0x100 => IndexType::U8,
            0x101..=0x1_0000 => IndexType::U16,
            _ => IndexType::U32,
        }
    }

    /// Bytes of an index.
    pub fn bytes(self) -> usize {
        match self {
            IndexType::U8 => 1,
            IndexType::U16 => 2,
            IndexType::U32 => 4,
        }
    }

    /// The type's name in Rust.
    pub fn name(self) -> &'static str {
        match self {
            IndexType::U8 => "u8",
            IndexType::U16 => "u16",
            IndexType::U32 => "u32",
        }
    }
}
