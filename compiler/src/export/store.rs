//! Arrays: each goes into the JSON text or, under a key, into the safetensors file.

use safetensors::tensor::{Dtype, TensorView, serialize};

use super::layout::{Json, object};
use super::{INLINE_LEN, layout};

/// Where arrays go, and what has gone to the safetensors file.
pub(super) struct Store {
    /// Arrays of more values than this are stored; none: each stays inline.
    stored_above: Option<usize>,
    /// Whether values are to be spelled at all.
    spelled: bool,
    /// Values seen.
    pub(super) values: usize,
    tensors: Vec<(String, Dtype, Vec<usize>, Vec<u8>)>,
}

impl Store {
    /// All inline.
    pub(super) fn inline() -> Store {
        Store { stored_above: None, spelled: true, values: 0, tensors: Vec::new() }
    }

    /// Long arrays in the safetensors file.
    pub(super) fn beside() -> Store {
        Store { stored_above: Some(INLINE_LEN), ..Store::inline() }
    }

    /// Spells nothing, counts values.
    pub(super) fn counting() -> Store {
        Store { spelled: false, ..Store::inline() }
    }

    /// A tensor of floats.
    pub(super) fn floats(&mut self, key: &str, shape: &[usize], data: &[f32]) -> Json {
        let bytes = || data.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.tensor(key, shape, data, layout::float, Dtype::F32, bytes)
    }

    /// A tensor of indices, each below `end`, in the smallest type that numpy, torch and the format share for it.
    pub(super) fn indices(&mut self, key: &str, data: &[u32], end: usize) -> Json {
        let shape = [data.len()];
        if end <= 1 << 16 {
            let bytes = || data.iter().flat_map(|&index| (index as u16).to_le_bytes()).collect();
            self.tensor(key, &shape, data, |index| index.to_string(), Dtype::U16, bytes)
        } else {
            let bytes = || data.iter().flat_map(|index| index.to_le_bytes()).collect();
            self.tensor(key, &shape, data, |index| index.to_string(), Dtype::U32, bytes)
        }
    }

    /// The safetensors file; none when nothing was stored.
    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        let views = self.tensors.iter().map(|(key, dtype, shape, bytes)| {
            (key, TensorView::new(*dtype, shape.clone(), bytes).expect("as many bytes as the shape asks for"))
        });
        (!self.tensors.is_empty()).then(|| {
            serialize(views, None).expect("views of whole tensors with keys of their own can be stored")
        })
    }

    fn tensor<T: Copy>(
        &mut self,
        key: &str,
        shape: &[usize],
        data: &[T],
        spell: impl Fn(T) -> String,
        dtype: Dtype,
        bytes: impl FnOnce() -> Vec<u8>,
    ) -> Json {
        self.values += data.len();
        if self.stored_above.is_some_and(|limit| data.len() > limit) {
            self.tensors.push((key.to_owned(), dtype, shape.to_vec(), bytes()));
            return object(vec![("tensor", Json::string(key))]);
        }
        if !self.spelled {
            return Json::Text(String::new());
        }
        let shape = Json::numbers(shape.iter().map(usize::to_string));
        object(vec![("shape", shape), ("data", Json::numbers(data.iter().map(|&value| spell(value))))])
    }
}
