//! Layers: fields and sizes of each kind.

use super::json::Node;
use super::reader::{Fields, Reader, list, nearest, short};
use crate::model::{
    Activation, Embedding, EmbeddingWeight, Function, Gate, Gru, Layer, LayerKind, LayerNorm, Linear, Lstm,
    LstmWeights,
};

/// The kinds of layer.
const KINDS: [&str; 6] = ["embedding", "linear", "lstm", "gru", "activation", "layer_norm"];

/// A layer as read. An activation's size is 0 until its neighbours are known.
pub(super) struct Read<'a> {
    pub(super) layer: Option<Layer>,
    pub(super) kind: String,
    pub(super) node: Node<'a>,
}

impl<'a> Reader<'a> {
    /// Layer number `index`.
    pub(super) fn layer(&mut self, element: &Node<'a>, index: usize) -> Option<Read<'a>> {
        let root = Node { text: element.text, path: String::new() };
        self.layer = Some(format!("#{index}"));
        let fields = self.fields(&root, &KINDS)?;
        let found = fields.names();
        let Some((kind, mut node)) = fields.only() else {
            let fault = self.fault(&root, "a layer has exactly one key, its kind", "this layer");
            fault.expected = Some(format!("one of {}", list(&KINDS)));
            fault.found = Some(found);
            fault.help = Some("write an object for each layer: {\"linear\": {...}}".to_owned());
            return None;
        };
        node.path = String::new();
        let known: &[&str] = match kind.as_str() {
            "embedding" => &["name", "vocab", "size", "weight"],
            "linear" => &["name", "input_size", "output_size", "weight", "bias"],
            "lstm" => &[
                "name",
                "input_size",
                "hidden_size",
                "weight_ih",
                "weight_hh",
                "weight",
                "bias",
                "gate_order",
            ],
            "gru" => &["name", "input_size", "hidden_size", "weight_ih", "weight_hh", "bias_ih", "bias_hh"],
            "activation" => &["name", "function"],
            _ => &["name", "size", "weight", "bias", "epsilon"],
        };
        let named = node.entries().into_iter().flatten().find(|(key, _)| key == "name");
        if let Some(name) = named.and_then(|(_, text)| serde_json::from_str(text).ok()) {
            self.layer = Some(name);
        }
        let mut fields = self.fields(&node, known)?;
        let name = self.require(&mut fields, "name");
        let name = name.and_then(|node| self.name(&node));
        let kind_read = match kind.as_str() {
            "embedding" => self.embedding(&mut fields).map(LayerKind::Embedding),
            "linear" => self.linear(&mut fields).map(LayerKind::Linear),
            "lstm" => self.lstm(&node, &mut fields).map(LayerKind::Lstm),
            "gru" => self.gru(&mut fields).map(LayerKind::Gru),
            "activation" => self.activation(&mut fields).map(LayerKind::Activation),
            _ => self.layer_norm(&mut fields).map(LayerKind::LayerNorm),
        };
        let layer = name.zip(kind_read).map(|(name, kind)| Layer { name, kind });
        Some(Read { layer, kind, node })
    }

    fn sized(&mut self, fields: &mut Fields<'a>, key: &str) -> Option<usize> {
        let node = self.require(fields, key)?;
        self.size(&node)
    }

    fn embedding(&mut self, fields: &mut Fields<'a>) -> Option<Embedding> {
        let (vocab, size) = (self.sized(fields, "vocab"), self.sized(fields, "size"));
        let node = self.require(fields, "weight");
        let (vocab, size, node) = (vocab?, size?, node?);
        let is_matrix =
            node.entries().into_iter().flatten().any(|(key, _)| key == "structure" || key == "sparse");
        let weight = if is_matrix {
            EmbeddingWeight::Matrix(self.matrix(&node, vocab, size)?)
        } else {
            EmbeddingWeight::Table(self.tensor_shaped(&node, &[vocab, size])?)
        };
        Some(Embedding { vocab, size, weight })
    }

    fn linear(&mut self, fields: &mut Fields<'a>) -> Option<Linear> {
        let (input, output) = (self.sized(fields, "input_size"), self.sized(fields, "output_size"));
        let weight = self.require(fields, "weight");
        let (input_size, output_size) = (input?, output?);
        let weight = weight.and_then(|node| self.matrix(&node, output_size, input_size));
        let bias = self.vector(fields.take("bias"), output_size);
        Some(Linear { input_size, output_size, weight: weight?, bias: bias? })
    }

    fn lstm(&mut self, layer: &Node<'a>, fields: &mut Fields<'a>) -> Option<Lstm> {
        let (input, hidden) = (self.sized(fields, "input_size"), self.sized(fields, "hidden_size"));
        let (joined, ih, hh) = (fields.take("weight"), fields.take("weight_ih"), fields.take("weight_hh"));
        let (bias, order) = (fields.take("bias"), fields.take("gate_order"));
        let gate_order = order.map_or(Some(Gate::ORDER), |node| self.gate_order(&node));
        let (input_size, hidden_size) = (input?, hidden?);
        let rows = hidden_size.checked_mul(4)?;
        let given = [("weight", &joined), ("weight_ih", &ih), ("weight_hh", &hh)];
        let given: Vec<&str> =
            given.iter().filter(|(_, node)| node.is_some()).map(|(name, _)| *name).collect();
        let weights = match (joined, ih, hh) {
            (Some(weight), None, None) => self
                .matrix(&weight, rows, input_size + hidden_size)
                .map(|weight| LstmWeights::Joined(Box::new(weight))),
            (None, Some(ih), Some(hh)) => {
                let (ih, hh) = (self.matrix(&ih, rows, input_size), self.matrix(&hh, rows, hidden_size));
                ih.zip(hh).map(|(ih, hh)| LstmWeights::Split { ih: Box::new(ih), hh: Box::new(hh) })
            }
            (joined, ..) => {
                let (title, help) = match (joined.is_some(), given.len()) {
                    (true, _) => {
                        ("an LSTM with its weights in two forms", "keep one form, and remove the other")
                    }
                    (false, 0) => {
                        ("an LSTM without its weights", "add the matrices that it was trained with")
                    }
                    (false, _) => ("an LSTM with half of its weights", "add the other matrix, too"),
                };
                let fault = self.fault(layer, title, "this layer");
                fault.expected = Some("`weight_ih` and `weight_hh`, or `weight` alone".to_owned());
                fault.found = Some(if given.is_empty() { "none".to_owned() } else { list(&given) });
                fault.help = Some(help.to_owned());
                None
            }
        };
        let bias = self.vector(bias, rows);
        Some(Lstm { input_size, hidden_size, weights: weights?, bias: bias?, gate_order: gate_order? })
    }

    fn gate_order(&mut self, node: &Node<'a>) -> Option<[Gate; 4]> {
        let text = self.string(node)?;
        let gates: Option<Vec<Gate>> = text.chars().map(Gate::from_letter).collect();
        let order: Option<[Gate; 4]> = gates.and_then(|gates| gates.try_into().ok());
        let complete = |order: &[Gate; 4]| (0..4).all(|i| !order[..i].contains(&order[i]));
        if let Some(order) = order.filter(complete) {
            return Some(order);
        }
        let fault = self.fault(node, "not an order of gates", "this order");
        fault.expected = Some("a permutation of \"ifgo\"".to_owned());
        fault.found = Some(short(node.text));
        fault.help = Some("PyTorch and Keras: \"ifgo\"; ONNX: \"iofg\"; TensorFlow 1: \"igfo\"".to_owned());
        None
    }

    fn gru(&mut self, fields: &mut Fields<'a>) -> Option<Gru> {
        let (input, hidden) = (self.sized(fields, "input_size"), self.sized(fields, "hidden_size"));
        let (ih, hh) = (self.require(fields, "weight_ih"), self.require(fields, "weight_hh"));
        let (input_size, hidden_size) = (input?, hidden?);
        let rows = hidden_size.checked_mul(3)?;
        let weight_ih = ih.and_then(|node| self.matrix(&node, rows, input_size));
        let weight_hh = hh.and_then(|node| self.matrix(&node, rows, hidden_size));
        let bias_ih = self.vector(fields.take("bias_ih"), rows);
        let bias_hh = self.vector(fields.take("bias_hh"), rows);
        let (weight_ih, weight_hh) = (weight_ih?, weight_hh?);
        Some(Gru { input_size, hidden_size, weight_ih, weight_hh, bias_ih: bias_ih?, bias_hh: bias_hh? })
    }

    fn activation(&mut self, fields: &mut Fields<'a>) -> Option<Activation> {
        let node = self.require(fields, "function")?;
        let name = self.string(&node)?;
        let names = Function::ALL.map(Function::word);
        if let Some(function) = Function::ALL.into_iter().find(|function| function.word() == name) {
            return Some(Activation { size: 0, function });
        }
        let fault = self.fault(&node, "an unknown function", "this function");
        fault.expected = Some(format!("one of {}", list(&names)));
        fault.found = Some(short(node.text));
        fault.help = Some(match nearest(&name, names.into_iter()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                "train with one of these, or leave the layer out and compute it on the outputs".to_owned()
            }
        });
        None
    }

    fn layer_norm(&mut self, fields: &mut Fields<'a>) -> Option<LayerNorm> {
        let size = self.sized(fields, "size");
        let (weight, epsilon) = (self.require(fields, "weight"), self.require(fields, "epsilon"));
        let size = size?;
        let weight = weight.and_then(|node| self.tensor_shaped(&node, &[size]));
        let bias = self.vector(fields.take("bias"), size);
        let node = epsilon?;
        let epsilon = self.number(&node)? as f32;
        // Kernels divide by a root of it: what is subnormal may count as 0 there.
        if !(epsilon > 0.0 && epsilon.is_normal()) {
            let title = match epsilon > 0.0 {
                true => "an epsilon that 32-bit floats do not hold in full",
                false => "an epsilon that is not above zero",
            };
            let fault = self.fault(&node, title, "this epsilon");
            fault.expected = Some("a number from 1.1754944e-38 to 3.4028235e38".to_owned());
            fault.found = Some(short(node.text));
            fault.help = Some("give that of the training, such as 1e-5".to_owned());
            return None;
        }
        Some(LayerNorm { size, weight: weight?.data, bias: bias?, epsilon })
    }
}
