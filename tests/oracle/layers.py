"""Layers of a model file, each beside the PyTorch module that computes it.

Every function gives a pair: the layer's JSON object and a PyTorch module in float64 whose weights are
the dense matrices of `matrices.py`. A module takes the whole sequence, (steps, size) or (steps,) of
tokens, from the reset state.
"""

import numpy
import torch

from matrices import floats, matrix, tensor

torch.set_default_dtype(torch.float64)


class Recurrent(torch.nn.Module):
    """The outputs alone of torch.nn.LSTM or torch.nn.GRU."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        return self.module(x)[0]


def load(module, **weights):
    """The module with its parameters replaced; none may be left as PyTorch drew it."""
    state = {name: torch.from_numpy(numpy.ascontiguousarray(value)) for name, value in weights.items()}
    module.load_state_dict(state, strict=True)
    return module


def embedding_table(rng, name, vocab, size):
    table = floats(rng, (vocab, size), 1.0)
    entry = {"embedding": {"name": name, "vocab": vocab, "size": size, "weight": tensor(table)}}
    return entry, load(torch.nn.Embedding(vocab, size), weight=table)


def embedding_matrix(rng, name, vocab, size, structure, density=0.0):
    weight, dense = matrix(rng, structure, vocab, size, density)
    entry = {"embedding": {"name": name, "vocab": vocab, "size": size, "weight": weight}}
    return entry, load(torch.nn.Embedding(vocab, size), weight=dense)


def linear(rng, name, inputs, outputs, structure, density=0.0, bias=True):
    weight, dense = matrix(rng, structure, outputs, inputs, density)
    entry = {"name": name, "input_size": inputs, "output_size": outputs, "weight": weight}
    weights = {"weight": dense}
    if bias:
        weights["bias"] = floats(rng, (outputs,), 0.5)
        entry["bias"] = tensor(weights["bias"])
    return {"linear": entry}, load(torch.nn.Linear(inputs, outputs, bias=bias), **weights)


def lstm(rng, name, inputs, hidden, structures, densities, order=None, joined=False, bias=True):
    """`structures` and `densities` are those of W_ih and W_hh; the first alone counts when joined."""
    entry = {"name": name, "input_size": inputs, "hidden_size": hidden}
    if joined:
        entry["weight"], dense = matrix(rng, structures[0], 4 * hidden, inputs + hidden, densities[0])
        dense_ih, dense_hh = dense[:, :inputs], dense[:, inputs:]
    else:
        entry["weight_ih"], dense_ih = matrix(rng, structures[0], 4 * hidden, inputs, densities[0])
        entry["weight_hh"], dense_hh = matrix(rng, structures[1], 4 * hidden, hidden, densities[1])
    sums = floats(rng, (4 * hidden,), 0.5) if bias else numpy.zeros(4 * hidden)
    if bias:
        entry["bias"] = tensor(sums)
    if order is not None:
        entry["gate_order"] = order

    def as_pytorch(values):
        """The four blocks, from the order of the file into that of torch.nn.LSTM."""
        blocks = dict(zip(order or "ifgo", numpy.split(values, 4)))
        return numpy.concatenate([blocks[gate] for gate in "ifgo"])

    module = load(
        torch.nn.LSTM(inputs, hidden),
        weight_ih_l0=as_pytorch(dense_ih),
        weight_hh_l0=as_pytorch(dense_hh),
        bias_ih_l0=as_pytorch(sums),
        bias_hh_l0=numpy.zeros(4 * hidden),
    )
    return {"lstm": entry}, Recurrent(module)


def gru(rng, name, inputs, hidden, structures, densities, bias_hh=True):
    weight_ih, dense_ih = matrix(rng, structures[0], 3 * hidden, inputs, densities[0])
    weight_hh, dense_hh = matrix(rng, structures[1], 3 * hidden, hidden, densities[1])
    sums_ih = floats(rng, (3 * hidden,), 0.5)
    sums_hh = floats(rng, (3 * hidden,), 0.5) if bias_hh else numpy.zeros(3 * hidden)
    entry = {"name": name, "input_size": inputs, "hidden_size": hidden}
    entry |= {"weight_ih": weight_ih, "weight_hh": weight_hh, "bias_ih": tensor(sums_ih)}
    if bias_hh:
        entry["bias_hh"] = tensor(sums_hh)
    module = load(
        torch.nn.GRU(inputs, hidden),
        weight_ih_l0=dense_ih,
        weight_hh_l0=dense_hh,
        bias_ih_l0=sums_ih,
        bias_hh_l0=sums_hh,
    )
    return {"gru": entry}, Recurrent(module)


def activation(name, function):
    modules = {
        "relu": torch.nn.ReLU(),
        "tanh": torch.nn.Tanh(),
        "sigmoid": torch.nn.Sigmoid(),
        "softmax": torch.nn.Softmax(dim=-1),
        "log_softmax": torch.nn.LogSoftmax(dim=-1),
    }
    return {"activation": {"name": name, "function": function}}, modules[function]


def layer_norm(rng, name, size, bias=True, epsilon=0.001):
    """An epsilon large enough to be seen in the output, and a 32-bit float as it is read."""
    epsilon = numpy.float32(epsilon)
    weights = {"weight": floats(rng, (size,), 1.0)}
    entry = {"name": name, "size": size, "weight": tensor(weights["weight"])}
    if bias:
        weights["bias"] = floats(rng, (size,), 1.0)
        entry["bias"] = tensor(weights["bias"])
    entry["epsilon"] = float(str(epsilon))
    return {"layer_norm": entry}, load(torch.nn.LayerNorm(size, eps=float(epsilon), bias=bias), **weights)
