//! The safetensors file beside the JSON: tensors by key, converted to what the model holds.

use safetensors::{Dtype, SafeTensors};

/// The bytes of a weights file whose header was found sound.
pub(super) struct Weights {
    pub(super) file: String,
    bytes: Vec<u8>,
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

impl Weights {
    /// Checks the header against the bytes.
    pub(super) fn new(file: String, bytes: Vec<u8>) -> Result<Weights, String> {
        match SafeTensors::deserialize(&bytes) {
            Ok(_) => Ok(Weights { file, bytes }),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The keys of all tensors.
    pub(super) fn keys(&self) -> Vec<String> {
        let names = SafeTensors::deserialize(&self.bytes)
            .map(|tensors| tensors.names().into_iter().map(str::to_owned).collect());
        names.unwrap_or_default()
    }

    /// A tensor of floats, rounded to 32 bits.
    pub(super) fn floats(&self, key: &str) -> Result<(Vec<usize>, Vec<f32>), Missing> {
        let tensors = SafeTensors::deserialize(&self.bytes).map_err(|_| Missing::Key)?;
        let tensor = tensors.tensor(key).map_err(|_| Missing::Key)?;
        let data = tensor.data();
        let values: Vec<f32> = match tensor.dtype() {
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
                let stored = match tensor.dtype() {
                    Dtype::F64 => words(data).nth(index).map_or(f64::NAN, f64::from_le_bytes),
                    _ => f64::from(values[index]),
                };
                Err(Missing::Element(index, format!("{stored:e}")))
            }
            None => Ok((tensor.shape().to_vec(), values)),
        }
    }

    /// A tensor of indices.
    pub(super) fn indices(&self, key: &str) -> Result<(Vec<usize>, Vec<u32>), Missing> {
        let tensors = SafeTensors::deserialize(&self.bytes).map_err(|_| Missing::Key)?;
        let tensor = tensors.tensor(key).map_err(|_| Missing::Key)?;
        let data = tensor.data();
        let values = match tensor.dtype() {
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
        values.map(|values| (tensor.shape().to_vec(), values))
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
