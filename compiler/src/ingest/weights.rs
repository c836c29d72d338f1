//! The safetensors file beside the JSON: tensors by key, converted to what the model holds.

use safetensors::tensor::Metadata;
use safetensors::{Dtype, SafeTensors};

/// The bytes of a weights file, and its header, which was found sound.
pub(super) struct Weights {
    pub(super) file: String,
    header: Metadata,
    bytes: Vec<u8>,
    /// Where the tensors' data starts.
    start: usize,
}

/// A tensor could not be had.
pub(super) enum Missing {
    /// No tensor of that key.
    Key,
    /// Its type can't serve; the type's name.
    Type(String),
    /// Element `index` can't be held; its value.
    Element(usize, String),
}

/// A tensor as it is stored.
struct Stored<'a> {
    shape: &'a [usize],
    dtype: Dtype,
    data: &'a [u8],
}

impl Weights {
    /// Checks the header against the bytes.
    pub(super) fn new(file: String, bytes: Vec<u8>) -> Result<Weights, String> {
        let (header_size, header) = SafeTensors::read_metadata(&bytes).map_err(|error| error.to_string())?;
        // A word of 64 bits with the header's size, the header, the data.
        let start = size_of::<u64>() + header_size;
        Ok(Weights { file, header, bytes, start })
    }

    /// The keys of all tensors.
    pub(super) fn keys(&self) -> Vec<String> {
        self.header.offset_keys()
    }

    /// The tensor of a key.
    fn tensor(&self, key: &str) -> Result<Stored<'_>, Missing> {
        let info = self.header.info(key).ok_or(Missing::Key)?;
        let (from, to) = info.data_offsets;
        let data = self.bytes[self.start..].get(from..to).ok_or(Missing::Key)?;
        Ok(Stored { shape: &info.shape, dtype: info.dtype, data })
    }

    /// A tensor of floats, rounded to 32 bits.
    pub(super) fn floats(&self, key: &str) -> Result<(Vec<usize>, Vec<f32>), Missing> {
        let Stored { shape, dtype, data } = self.tensor(key)?;
        let values: Vec<f32> = match dtype {
            Dtype::F32 => words(data).map(f32::from_le_bytes).collect(),
            Dtype::F64 => words(data).map(|word| f64::from_le_bytes(word) as f32).collect(),
            Dtype::F16 => words(data).map(|word| super::half::f16_to_f32(u16::from_le_bytes(word))).collect(),
            Dtype::BF16 => {
                words(data).map(|word| super::half::bf16_to_f32(u16::from_le_bytes(word))).collect()
            }
            other => return Err(Missing::Type(format!("{other:?}"))),
        };
        match values.iter().position(|value| !value.is_finite()) {
            Some(index) => {
                // As it is stored: a double may be finite, and too large for what the model holds.
                let stored = match dtype {
                    Dtype::F64 => words(data).nth(index).map_or(f64::NAN, f64::from_le_bytes),
                    _ => f64::from(values[index]),
                };
                Err(Missing::Element(index, format!("{stored:e}")))
            }
            None => Ok((shape.to_vec(), values)),
        }
    }

    /// A tensor of indices.
    pub(super) fn indices(&self, key: &str) -> Result<(Vec<usize>, Vec<u32>), Missing> {
        let Stored { shape, dtype, data } = self.tensor(key)?;
        let values = match dtype {
            Dtype::U8 => convert(words(data).map(u8::from_le_bytes)),
            Dtype::I8 => convert(words(data).map(i8::from_le_bytes)),
            Dtype::U16 => convert(words(data).map(u16::from_le_bytes)),
            Dtype::I16 => convert(words(data).map(i16::from_le_bytes)),
            Dtype::U32 => convert(words(data).map(u32::from_le_bytes)),
            Dtype::I32 => convert(words(data).map(i32::from_le_bytes)),
            Dtype::U64 => convert(words(data).map(u64::from_le_bytes)),
            Dtype::I64 => convert(words(data).map(i64::from_le_bytes)),
            other => return Err(Missing::Type(format!("{other:?}"))),
        };
        values.map(|values| (shape.to_vec(), values))
    }
}

fn words<const N: usize>(data: &[u8]) -> impl ExactSizeIterator<Item = [u8; N]> + '_ {
    data.as_chunks().0.iter().copied()
}

fn convert<T: Copy + TryInto<u32> + std::fmt::Display>(
    values: impl ExactSizeIterator<Item = T>,
) -> Result<Vec<u32>, Missing> {
    let mut out = Vec::with_capacity(values.len());
    for (i, value) in values.enumerate() {
        out.push(value.try_into().map_err(|_| Missing::Element(i, value.to_string()))?);
    }
    Ok(out)
}
