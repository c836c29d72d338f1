//! T: a tensor, inline or in the weights file.

use super::json::{Node, Number};
use super::reader::{Reader, list, nearest, short};
use super::weights::{Missing, Weights};
use crate::model::Tensor;

/// A tensor as read, with the node to point at.
pub(super) struct Read<'a, T> {
    pub(super) shape: Vec<usize>,
    pub(super) data: Vec<T>,
    pub(super) node: Node<'a>,
}

type Lookup<T> = fn(&Weights, &str) -> Result<(Vec<usize>, Vec<T>), Missing>;

impl<'a> Reader<'a> {
    /// A tensor of floats, all finite.
    pub(super) fn floats(&mut self, node: &Node<'a>) -> Option<Read<'a, f32>> {
        self.tensor(node, Weights::floats, "F32, F64, F16 or BF16")
    }

    /// A tensor of indices.
    pub(super) fn indices(&mut self, node: &Node<'a>) -> Option<Read<'a, u32>> {
        self.tensor(node, Weights::indices, "an integer type")
    }

    /// A tensor of floats of `dimensions` dimensions, none of them 0.
    pub(super) fn tensor_of(&mut self, node: &Node<'a>, dimensions: usize) -> Option<Tensor> {
        let read = self.floats(node)?;
        if read.shape.len() != dimensions || read.shape.contains(&0) {
            let fault = self.fault(node, "a tensor of the wrong shape", "this tensor");
            fault.expected = Some(format!("{dimensions} dimensions, each at least 1"));
            fault.found = Some(format!("shape {:?}", read.shape));
            fault.help = Some("write the tensor in the shape that its field asks for".to_owned());
            return None;
        }
        Some(Tensor { shape: read.shape, data: read.data })
    }

    /// A tensor of floats of exactly this shape.
    pub(super) fn tensor_shaped(&mut self, node: &Node<'a>, shape: &[usize]) -> Option<Tensor> {
        let read = self.floats(node)?;
        self.shape_is(&read.node, &read.shape, shape).then_some(Tensor { shape: read.shape, data: read.data })
    }

    /// Records a fault when a tensor is of another shape.
    pub(super) fn shape_is(&mut self, node: &Node<'a>, found: &[usize], shape: &[usize]) -> bool {
        if found == shape {
            return true;
        }
        let fault = self.fault(node, "a tensor of the wrong shape", "this tensor");
        fault.expected = Some(format!("shape {shape:?}"));
        fault.found = Some(format!("shape {found:?}"));
        fault.help = Some("write the tensor in this shape, or mend the sizes that ask for it".to_owned());
        false
    }

    fn tensor<T: Number>(&mut self, node: &Node<'a>, lookup: Lookup<T>, types: &str) -> Option<Read<'a, T>> {
        let mut fields = self.fields(node, &["shape", "data", "tensor"])?;
        if let Some(key) = fields.take("tensor") {
            if fields.take("shape").or(fields.take("data")).is_some() {
                let fault = self.fault(node, "a tensor both inline and in the weights file", "both");
                fault.expected = Some("`tensor`, or `shape` and `data`".to_owned());
                fault.found = Some("both".to_owned());
                fault.help = Some("keep one of them".to_owned());
                return None;
            }
            let name = self.string(&key)?;
            return self.stored(node, &key, &name, lookup, types);
        }
        let shape = self.require(&mut fields, "shape");
        let data = self.require(&mut fields, "data");
        let shape_node = shape?;
        let shape: Vec<usize> = self.numbers(&shape_node)?;
        let data_node = data?;
        let data: Vec<T> = self.numbers(&data_node)?;
        let product = shape.iter().try_fold(1_usize, |product, &extent| product.checked_mul(extent));
        if product != Some(data.len()) {
            let asked = product
                .map_or("more values than memory can hold".to_owned(), |product| format!("{product} values"));
            let fault = self.fault(&shape_node, "`shape` and `data` disagree", "this shape");
            fault.expected = Some(format!("{asked} for shape {shape:?}"));
            fault.found = Some(format!("{} values in `data`", data.len()));
            fault.help = Some("mend `shape`, or write all values".to_owned());
            return None;
        }
        Some(Read { shape, data, node: node.clone() })
    }

    fn stored<T: Number>(
        &mut self,
        node: &Node<'a>,
        key: &Node<'a>,
        name: &str,
        lookup: Lookup<T>,
        types: &str,
    ) -> Option<Read<'a, T>> {
        let Some(weights) = &self.weights else {
            if !self.weights_failed {
                let fault =
                    self.fault(key, "a tensor of a weights file, but the model names none", "this tensor");
                fault.expected = Some("`weights` at the top of the model, or the tensor inline".to_owned());
                fault.found = Some("neither".to_owned());
                fault.help = Some(
                    "add `\"weights\": \"NAME.safetensors\"` at the top, or write the tensor inline"
                        .to_owned(),
                );
            }
            return None;
        };
        let file = weights.file.clone();
        let missing = match lookup(weights, name) {
            Ok((shape, data)) => return Some(Read { shape, data, node: node.clone() }),
            Err(missing) => missing,
        };
        let keys = weights.keys();
        match missing {
            Missing::Key => {
                let fault = self.fault(key, format!("`{file}` has no tensor `{name}`"), "no such tensor");
                let mut known: Vec<&str> = keys.iter().map(String::as_str).collect();
                known.sort_unstable();
                fault.help = Some(match nearest(name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => {
                        let more = if known.len() > 8 {
                            format!(" and {} more", known.len() - 8)
                        } else {
                            String::new()
                        };
                        known.truncate(8);
                        format!("the file has {}{more}", list(&known))
                    }
                });
            }
            Missing::Type(found) => {
                let fault = self.fault(
                    key,
                    format!("tensor `{name}` of `{file}` is of the wrong type"),
                    "this tensor",
                );
                fault.expected = Some(types.to_owned());
                fault.found = Some(found);
                fault.help = Some("convert it before it is saved".to_owned());
            }
            Missing::Element(index, value) => {
                let title = format!("element {index} of tensor `{name}` of `{file}` can't be held");
                let fault = self.fault(key, title, "this tensor");
                fault.expected = Some(T::EXPECTED.to_owned());
                fault.found = Some(value);
                fault.help = Some("every weight must be finite, every index within range: look at how it was trained or saved".to_owned());
            }
        }
        None
    }

    /// A bias or the like: `len` floats.
    pub(super) fn vector(&mut self, node: Option<Node<'a>>, len: usize) -> Option<Option<Vec<f32>>> {
        match node {
            None => Some(None),
            Some(node) => self.tensor_shaped(&node, &[len]).map(|tensor| Some(tensor.data)),
        }
    }

    /// A finite number.
    pub(super) fn number(&mut self, node: &Node<'a>) -> Option<f64> {
        match node.value::<f64>().filter(|value| value.is_finite()) {
            Some(value) => Some(value),
            None => {
                let fault = self.fault(node, "not a number", "not a number");
                fault.expected = Some("a finite number".to_owned());
                fault.found = Some(short(node.text));
                fault.help = Some("write it as a number, without quotes".to_owned());
                None
            }
        }
    }
}
