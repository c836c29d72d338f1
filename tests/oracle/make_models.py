"""Writes the small models of tests/models/oracle: every structure, layer and storage type of the format,
with the outputs that PyTorch computes from the dense weights in float64.

Usage: python tests/oracle/make_models.py          (needs the packages of tests/oracle/requirements.txt)

The weights depend on each model's name alone, so that adding a model changes no other. Every file
carries a `check` with a tolerance of 1e-6.
"""

import json
import pathlib
import zlib

import numpy
import safetensors.torch
import torch

import layers
from matrices import STRUCTURES, floats, tensor

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "models" / "oracle"
TOLERANCE = 1e-6
LARGEST = 60_000


def write(name, stack, inputs=None, tokens=None, store=None):
    """Runs the layers over the steps and writes NAME.json, and NAME.safetensors where `store` moves
    tensors out of it."""
    x = torch.tensor(tokens) if tokens is not None else torch.from_numpy(inputs)
    with torch.no_grad():
        for _, module in stack:
            x = module(x)
    assert torch.isfinite(x).all(), name
    steps = {"tokens": tokens} if tokens is not None else {"inputs": [tensor(row)["data"] for row in inputs]}
    check = {**steps, "outputs": x.tolist(), "tolerance": TOLERANCE}
    entries = [entry for entry, _ in stack]
    head = {"format": "doped-model", "version": 1, "name": name}
    if store is not None:
        head["weights"] = f"{name}.safetensors"
        tensors = store(entries)
        (FOLDER / head["weights"]).write_bytes(safetensors.torch.save(tensors))
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    lines.append('  "layers": [\n    ' + ",\n    ".join(json.dumps(entry) for entry in entries) + "\n  ]")
    lines.append(f'  "check": {json.dumps(check)}')
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    assert len(text) < LARGEST, (name, len(text))
    (FOLDER / f"{name}.json").write_text(text)


def generator(name):
    return numpy.random.default_rng(zlib.crc32(name.encode()))


def vectors(rng, steps, size):
    return floats(rng, (steps, size), 1.0)


def linear_models():
    """Two linear layers of each structure, the second doped; and one that is nothing but sparse."""
    for kind, structure in STRUCTURES.items():
        name = f"linear_{kind}"
        rng = generator(name)
        sizes = (13, 13, 13) if kind == "circulant" else (18, 30, 8)
        stack = [
            layers.linear(rng, "plain", sizes[0], sizes[1], structure),
            layers.linear(rng, "doped", sizes[1], sizes[2], structure, density=0.1, bias=False),
        ]
        write(name, stack, inputs=vectors(rng, 4, sizes[0]))
    rng = generator("linear_sparse")
    stack = [layers.linear(rng, "sparse", 17, 19, None, density=0.2)]
    write("linear_sparse", stack, inputs=vectors(rng, 4, 17))


def awkward_models():
    """Shapes that leave little: one row, one column, a single weight, primes."""
    for rows, cols in [(1, 1), (1, 7), (7, 1), (11, 13)]:
        name = f"linear_{rows}x{cols}"
        rng = generator(name)
        stack = [
            layers.linear(rng, "dense", cols, rows, STRUCTURES["dense"]),
            layers.linear(rng, "kronecker", rows, cols, STRUCTURES["kronecker"], density=0.3),
            layers.linear(rng, "monarch", cols, rows, STRUCTURES["monarch"]),
        ]
        write(name, stack, inputs=vectors(rng, 3, cols))


def lstm_models():
    """Each structure in both matrices, the orders in turn; then each order with the joined layout."""
    orders = [None, "ifgo", "iofg", "igfo", "ogfi"]
    for turn, (kind, structure) in enumerate(STRUCTURES.items()):
        name = f"lstm_split_{kind}"
        rng = generator(name)
        hidden = 3 if kind == "circulant" else 6
        inputs = 4 * hidden if kind == "circulant" else 10
        order = orders[turn % len(orders)]
        stack = [layers.lstm(rng, "lstm", inputs, hidden, [structure] * 2, [0.0, 0.1], order, bias=turn != 5)]
        write(name, stack, inputs=vectors(rng, 6, inputs))
    kinds = ["kronecker", "hstack", "low_rank", "monarch", "block_diagonal"]
    for order, kind in zip(orders, kinds):
        name = f"lstm_joined_{order or 'default'}"
        rng = generator(name)
        stack = [layers.lstm(rng, "lstm", 7, 5, [STRUCTURES[kind]], [0.1], order, joined=True)]
        write(name, stack, inputs=vectors(rng, 6, 7))
    name = "lstm_of_one"
    rng = generator(name)
    stack = [layers.lstm(rng, "lstm", 1, 1, [STRUCTURES["dense"]] * 2, [0.0, 0.0])]
    write(name, stack, inputs=vectors(rng, 6, 1))


def gru_models():
    for turn, (kind, structure) in enumerate(STRUCTURES.items()):
        name = f"gru_{kind}"
        rng = generator(name)
        hidden = 4
        inputs = 12 if kind == "circulant" else 10
        stack = [layers.gru(rng, "gru", inputs, hidden, [structure] * 2, [0.0, 0.1], bias_hh=turn % 2 == 0)]
        write(name, stack, inputs=vectors(rng, 6, inputs))


def embedding_models():
    """The table whole and as each structure; every token of the vocabulary is looked up once."""
    tables = [
        ("kronecker", 15, 0.1),
        ("kronecker_of_three", 8, 0.0),
        ("low_rank", 19, 0.0),
        ("sum", 18, 0.1),
        ("vstack", 13, 0.1),
        ("hstack", 14, 0.1),
        ("block_diagonal", 11, 0.0),
        ("monarch", 10, 0.1),
        ("circulant", 12, 0.0),
    ]
    embeddings = [
        ("embedding_table", 17, lambda rng: layers.embedding_table(rng, "embed", 17, 12)),
        ("embedding_sparse", 16, lambda rng: layers.embedding_matrix(rng, "embed", 16, 12, None, 0.3)),
    ]
    for kind, vocab, density in tables:
        args = ("embed", vocab, 12, STRUCTURES[kind], density)
        embed = lambda rng, args=args: layers.embedding_matrix(rng, *args)
        embeddings.append((f"embedding_{kind}", vocab, embed))
    for turn, (name, vocab, embed) in enumerate(embeddings):
        rng = generator(name)
        stack = [embed(rng), layers.layer_norm(rng, "norm", 12, bias=turn % 2 == 0)]
        write(name, stack, tokens=rng.permutation(vocab).tolist())


def activation_models():
    for function in ["relu", "tanh", "sigmoid", "softmax", "log_softmax"]:
        name = f"activation_{function}"
        rng = generator(name)
        stack = [
            layers.linear(rng, "spread", 7, 23, STRUCTURES["dense"]),
            layers.activation("function", function),
        ]
        write(name, stack, inputs=4 * vectors(rng, 5, 7))
    rng = generator("activation_first")
    stack = [layers.activation("squash", "tanh"), layers.linear(rng, "head", 9, 5, STRUCTURES["dense"])]
    write("activation_first", stack, inputs=vectors(rng, 4, 9))


def network_models():
    """Whole networks with state in more than one layer: one inline, one with a safetensors file."""

    def network(rng):
        return [
            layers.embedding_matrix(rng, "embed", 23, 10, STRUCTURES["low_rank"], 0.1),
            layers.lstm(rng, "lstm0", 10, 7, [STRUCTURES["kronecker"]] * 2, [0.1, 0.2], "iofg"),
            layers.layer_norm(rng, "norm", 7, bias=False),
            layers.gru(rng, "gru0", 7, 6, [STRUCTURES["sum"], STRUCTURES["kronecker"]], [0.1, 0.2]),
            layers.activation("rectify", "relu"),
            layers.linear(rng, "head", 6, 23, STRUCTURES["dense"]),
            layers.activation("scores", "log_softmax"),
        ]

    for name, store in [("network", None), ("network_stored", store_in_every_type)]:
        rng = generator(name)
        stack = network(rng) if store is None else stored_network(rng)
        write(name, stack, tokens=rng.integers(0, 23, 12).tolist(), store=store)


def stored_network(rng):
    """Weights that are multiples of 1/64 below 2, which F16 and BF16 hold exactly."""

    class Coarse:
        """A generator whose normal values are coarse."""

        random = rng.random

        @staticmethod
        def normal(mean, deviation, shape):
            return numpy.clip(numpy.round(rng.normal(mean, deviation, shape) * 64), -127, 127) / 64

    return [
        layers.embedding_table(Coarse, "embed", 23, 10),
        layers.lstm(Coarse, "lstm0", 10, 7, [STRUCTURES["kronecker"]] * 2, [0.2, 0.2]),
        layers.gru(Coarse, "gru0", 7, 6, [STRUCTURES["kronecker"]] * 2, [0.2, 0.2]),
        layers.linear(Coarse, "head", 6, 23, STRUCTURES["dense"], density=0.2),
    ]


def store_in_every_type(entries):
    """Moves every tensor into a dictionary, in each type of its sort in turn, and names it in its place."""
    signed = [torch.int64, torch.int32, torch.int16, torch.int8]
    unsigned = [torch.uint8, torch.uint16, torch.uint32, torch.uint64]
    types = {
        float: [torch.float64, torch.float16, torch.bfloat16, torch.float32],
        int: [each for pair in zip(signed, unsigned) for each in pair],
    }
    stored, turns = {}, {float: 0, int: 0}

    def move(node, path):
        if isinstance(node, dict) and set(node) == {"shape", "data"}:
            values = torch.tensor(node["data"], dtype=torch.float64).reshape(node["shape"])
            sort = float if path[-1] not in ("row_ptr", "col_idx") else int
            wanted = types[sort][turns[sort] % len(types[sort])]
            turns[sort] += 1
            stored[".".join(path)] = values.to(wanted)
            assert torch.equal(stored[".".join(path)].to(torch.float64), values), path
            return {"tensor": ".".join(path)}
        if isinstance(node, dict):
            return {key: move(value, path + [key]) for key, value in node.items()}
        if isinstance(node, list):
            return [move(value, path + [str(i)]) for i, value in enumerate(node)]
        return node

    for entry in entries:
        for kind, fields in entry.items():
            entry[kind] = move(fields, [fields["name"]])
    return stored


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    linear_models()
    awkward_models()
    lstm_models()
    gru_models()
    embedding_models()
    activation_models()
    network_models()
