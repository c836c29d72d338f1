"""Doping in PyTorch: W = structure + S∘mask, for those who train there or on a GPU.

Source of the method: "Doping: A technique for efficient compression of LSTM models using sparse structured additive
matrices", arXiv 2102.07071. Each weight matrix is a structured one (a Kronecker product, a low-rank or hybrid form) plus
a sparse one, S, which starts dense and is pruned by magnitude along a cubic schedule (Zhu and Gupta, arXiv 1710.01878).
S would take over from the structure: so the structure learns alone at first (`join`), as in `dopec train`; co-matrix
dropout regularisation (`Cmr`) is the papers' cure. `save_model` writes the model file that dopec compiles;
docs/model-file.md describes it.

    lstm = DopedLSTM(64, 128, kind="kronecker")
    head = DopedLinear(128, 65, kind="dense", sparse=False)
    matrices = doped_matrices(lstm, head)
    for step in range(steps):
        join(matrices, step >= steps // 10)
        prune(matrices, cubic_sparsity(step, 0.95, start=steps // 10, end=steps // 2))
        ...                                            # forward, backward, optimizer.step(), as always
    save_model("lm.json", [("embed", embed), ("lstm0", lstm), ("head", head)], check=[18, 47, 56])

Needs torch and numpy. Shapes are written [rows, columns]; matrices act on columns: rows are outputs.
"""

import copy
import dataclasses
import json
import math
import os
import pathlib
import re

import numpy
import torch
from torch import nn

ELEMENT, ROW, MATRIX = "element", "row", "matrix"


# Structures


class Dense(nn.Module):
    """Every weight stored: [rows, cols]."""

    def __init__(self, rows, cols, deviation):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(rows, cols) * deviation)

    def forward(self):
        return self.weight

    def entry(self, store, key):
        return {"dense": {"weight": store(f"{key}.weight", self.weight)}}


class Kronecker(nn.Module):
    """F1 ⊗ F2 ⊗ ..., as numpy.kron; `shapes` are those of the factors, [m, n] each.

    The rank of a Kronecker product is the product of its factors' ranks: `kronecker_shapes` chooses by that first.
    """

    def __init__(self, shapes, deviation):
        super().__init__()
        each = deviation ** (1 / len(shapes))
        self.factors = nn.ParameterList([nn.Parameter(torch.randn(*shape) * each) for shape in shapes])

    def forward(self):
        product = self.factors[0]
        for factor in self.factors[1:]:
            product = torch.kron(product, factor)
        return product

    def entry(self, store, key):
        factors = [store(f"{key}.factors.{i}", factor) for i, factor in enumerate(self.factors)]
        return {"kronecker": {"factors": factors}}


class LowRank(nn.Module):
    """left [rows, rank] · right [rank, cols]."""

    def __init__(self, rows, cols, rank, deviation):
        super().__init__()
        each = (deviation / math.sqrt(rank)) ** 0.5
        self.left = nn.Parameter(torch.randn(rows, rank) * each)
        self.right = nn.Parameter(torch.randn(rank, cols) * each)

    def forward(self):
        return self.left @ self.right

    def entry(self, store, key):
        return {"low_rank": {"left": store(f"{key}.left", self.left), "right": store(f"{key}.right", self.right)}}


class Hybrid(nn.Module):
    """Hybrid matrix decomposition: the first `upper` rows unconstrained, the others of rank `rank`."""

    def __init__(self, rows, cols, upper, rank, deviation):
        super().__init__()
        self.upper = Dense(upper, cols, deviation)
        self.lower = LowRank(rows - upper, cols, rank, deviation)

    def forward(self):
        return torch.cat([self.upper(), self.lower()])

    def entry(self, store, key):
        blocks = []
        for i, block in enumerate([self.upper, self.lower]):
            blocks.append({"shape": list(block().shape), "structure": block.entry(store, f"{key}.blocks.{i}")})
        return {"vstack": {"blocks": blocks}}


def kronecker_shapes(rows, cols):
    """The shapes of two factors of a rows × cols product: those of full rank, of these the fewest values, of equals the
    one with the most rows first. The medium language model's 2600 × 1300 is [52, 26] ⊗ [50, 50]: 3,852 values."""

    def divisors(n):
        return [d for d in range(1, n + 1) if n % d == 0]

    best = None
    for m in divisors(rows):
        for n in divisors(cols):
            shapes = ((m, n), (rows // m, cols // n))
            rank = math.prod(min(shape) for shape in shapes)
            order = (-rank, sum(math.prod(shape) for shape in shapes), -m, -n)
            if best is None or order < best[0]:
                best = (order, shapes)
    return best[1]


def structure(kind, rows, cols, deviation=None, rank=None, upper=None, shapes=None):
    """A structure by name: "dense", "kronecker" (`shapes`, else those of `kronecker_shapes`), "low_rank" (`rank`),
    "hybrid" (`upper`, `rank`); None for "pruned", a matrix that is nothing but sparse.

    `deviation` is that of the elements of W at the start, 1/√(3·cols) if not given: nn.Linear's.
    """
    if deviation is None:
        deviation = 1 / math.sqrt(3 * cols)
    if kind == "dense":
        return Dense(rows, cols, deviation)
    if kind == "kronecker":
        shapes = kronecker_shapes(rows, cols) if shapes is None else shapes
        made = tuple(math.prod(shape[side] for shape in shapes) for side in (0, 1))
        if made != (rows, cols) or len(shapes) < 2:
            raise ValueError(f"the factors {shapes} make {list(made)}, not [{rows}, {cols}]: mend their shapes")
        return Kronecker(shapes, deviation)
    if kind == "low_rank":
        return LowRank(rows, cols, _size("rank", rank, min(rows, cols)), deviation)
    if kind == "hybrid":
        upper = _size("upper", upper, rows - 1)
        return Hybrid(rows, cols, upper, _size("rank", rank, min(rows - upper, cols)), deviation)
    if kind == "pruned":
        return None
    raise ValueError(f"no structure is called {kind!r}: choose dense, kronecker, low_rank, hybrid or pruned")


def _size(name, value, most):
    if value is None or not 1 <= value <= most:
        raise ValueError(f"`{name}` is {value}; give it a value from 1 to {most}")
    return value


# Doping


@dataclasses.dataclass
class Cmr:
    """Co-matrix dropout regularisation (arXiv 2102.07071): in training, Bernoulli masks on both matrices, so that units
    learn with both, with the structure only and with S only. None at inference.

    Each element, row or matrix of either side is left out with `probability`, independently of the other side; a row or
    matrix that would lose both sides keeps both. What is left is divided by its probability of being left, so that the
    expectation of W does not change (ours: the papers leave granularity and scale open). Masks are drawn once for each
    call of the layer. Here `probability` stays what it is, and can be set in between; in `dopec train` masks are drawn once
    a step, and the probability falls with the density of S, to 0 where S has come to its target.
    """

    probability: float = 0.1
    granularity: str = MATRIX

    def __post_init__(self):
        if not 0 <= self.probability < 1:
            raise ValueError(f"a probability of {self.probability}; give one from 0 to below 1")
        if self.granularity not in (ELEMENT, ROW, MATRIX):
            raise ValueError(f"no granularity is called {self.granularity!r}: choose element, row or matrix")

    def masks(self, weight):
        """What the structure and S, as large as `weight` [rows, cols], are multiplied with: broadcastable, 0 or a scale."""
        rows, cols = weight.shape
        shape = {ELEMENT: (rows, cols), ROW: (rows, 1), MATRIX: (1, 1)}[self.granularity]
        keep = 1 - self.probability
        both = torch.full((2, *shape), keep, device=weight.device, dtype=weight.dtype)
        structured, sparse = torch.bernoulli(both)
        if self.granularity != ELEMENT:
            neither = (1 - structured) * (1 - sparse)
            structured, sparse = structured + neither, sparse + neither
            keep += self.probability**2
        return structured / keep, sparse / keep


class DopedMatrix(nn.Module):
    """W = structure + S∘mask, of [rows, cols]; calling it gives W. Without `sparse` it is the structure alone.

    At the start S has `sparse_share` of the variance, beside a structure, which has the rest.
    """

    def __init__(
        self, rows, cols, kind="kronecker", sparse=True, cmr=None, deviation=None, sparse_share=0.0, **shape
    ):
        super().__init__()
        if kind == "pruned" and not sparse:
            raise ValueError("a pruned matrix is nothing but sparse: leave `sparse` on, or choose a structure")
        self.rows, self.cols, self.cmr = rows, cols, cmr
        deviation = 1 / math.sqrt(3 * cols) if deviation is None else deviation
        if not 0 <= sparse_share <= 1:
            raise ValueError(f"a sparse share of {sparse_share}; give one from 0 to 1")
        share = 0.0 if not sparse else 1.0 if kind == "pruned" else sparse_share
        of_structure, of_sparse = (deviation / math.sqrt(1 / part) if part else 0.0 for part in (1 - share, share))
        self.structure = structure(kind, rows, cols, of_structure, **shape)
        self.sparse = nn.Parameter(torch.randn(rows, cols) * of_sparse) if sparse else None
        self.learns = True
        if sparse:
            self.register_buffer("mask", torch.ones(rows, cols, dtype=torch.bool))

    def parts(self):
        """The structure's W and S∘mask, each [rows, cols] or None; no CMR."""
        structured = None if self.structure is None else self.structure()
        return structured, None if self.sparse is None else self.sparse * self.mask

    def join(self, joined=True):
        """Whether S learns; it always does without a structure. While it doesn't, its gradient is zero, so that an
        optimiser without weight decay leaves it as it is, and there is no CMR."""
        self.learns = joined or self.structure is None

    def forward(self):
        structured, sparse = self.parts()
        if structured is None or sparse is None:
            return structured if sparse is None else sparse
        if not self.learns:
            # A gradient of zero, not none: Adam then counts the step, as `dopec train` does.
            sparse = sparse.detach() + 0 * sparse
        elif self.training and self.cmr is not None and self.cmr.probability > 0:
            for_structured, for_sparse = self.cmr.masks(sparse)
            structured, sparse = structured * for_structured, sparse * for_sparse
        return structured + sparse

    @torch.no_grad()
    def keep(self, mask):
        """Takes a new mask [rows, cols]; what it leaves out becomes zero for good."""
        self.mask.copy_(mask)
        self.sparse.mul_(self.mask)

    def nnz(self):
        """Entries of S that the mask leaves."""
        return 0 if self.sparse is None else int(self.mask.sum())

    def structured_values(self):
        """Values of the structure."""
        return 0 if self.structure is None else sum(p.numel() for p in self.structure.parameters())

    def nnz_for(self, factor, count="bytes"):
        """Non-zeros that make the matrix `factor` times smaller than rows · cols 32-bit floats.

        `count`: "bytes" counts all that is stored: values, 16-bit columns (32-bit above 65,536 columns) and 32-bit row
        pointers; "values" counts values alone, as the papers do.
        """
        budget, structured = 4 * self.rows * self.cols / factor, 4 * self.structured_values()
        if count == "values":
            each, fixed = 4, 0
        elif count == "bytes":
            each, fixed = 4 + (2 if self.cols <= 1 << 16 else 4), 4 * (self.rows + 1)
        else:
            raise ValueError(f"`count` is {count!r}; give bytes or values")
        nnz = math.floor((budget - structured - fixed) / each)
        if nnz < 0:
            raise ValueError(
                f"{factor} times smaller than [{self.rows}, {self.cols}] leaves {budget:.0f} bytes; the structure and "
                f"the row pointers alone take {structured + fixed}: choose a smaller structure or a smaller factor"
            )
        return nnz

    def sparsity_for(self, factor, count="bytes"):
        """As `nnz_for`, as the part of S that is zero."""
        return 1 - self.nnz_for(factor, count) / (self.rows * self.cols)

    @torch.no_grad()
    def shares(self, x):
        """The norms of the structure's output and of S's over x [..., cols], each as a part of their sum: how far one
        has taken over from the other (co-matrix adaptation)."""
        norms = [torch.zeros(()) if part is None else (x @ part.T).norm() for part in self.parts()]
        total = float(sum(float(norm) for norm in norms)) or 1.0
        return tuple(float(norm) / total for norm in norms)

    def entry(self, store, key):
        structured, sparse = self.structure, self.sparse
        entry = {"shape": [self.rows, self.cols]}
        if structured is not None:
            entry["structure"] = structured.entry(store, key)
        if sparse is not None:
            entry["sparse"] = compressed_rows(sparse * self.mask, self.mask, store, key)
        return entry


def compressed_rows(matrix, mask, store, key):
    """The format's sparse part of a matrix [rows, cols]: the entries that `mask` leaves, also where they are zero."""
    matrix, mask = matrix.detach().float().cpu().numpy(), mask.cpu().numpy()
    row_ptr = numpy.concatenate([[0], numpy.cumsum(mask.sum(1))]).astype(numpy.uint32)
    col_idx = numpy.nonzero(mask)[1].astype(numpy.uint16 if matrix.shape[1] <= 1 << 16 else numpy.uint32)
    parts = {"row_ptr": row_ptr, "col_idx": col_idx, "values": matrix[mask]}
    return {name: store(f"{key}.{name}", part) for name, part in parts.items()}


def cubic_sparsity(step, final, start, end, initial=0.0):
    """The sparsity at a step: `initial` up to `start`, `final` from `end` on, between them
    final + (initial − final)·(1 − (step − start) / (end − start))³ (Zhu and Gupta, arXiv 1710.01878)."""
    if step <= start or end <= start:
        return initial if step <= start else final
    left = 1 - min(step - start, end - start) / (end - start)
    return final + (initial - final) * left**3


@torch.no_grad()
def prune(matrices, sparsity, over="matrix"):
    """Keeps the entries of S that are largest in magnitude: round((1 − sparsity) · size) of each matrix, or of all
    together when `over` is "all". Entries that were left out once stay out."""
    matrices = [matrix for matrix in matrices if matrix.sparse is not None]
    if over not in ("matrix", "all"):
        raise ValueError(f"`over` is {over!r}; give matrix or all")
    # Entries left out before stand behind all others, those that are zero but kept too.
    scores = [torch.where(m.mask, m.sparse.abs(), -1.0).flatten() for m in matrices]
    groups = [scores] if over == "all" else [[score] for score in scores]
    masks = []
    for group in groups:
        joined = torch.cat(group)
        left = int((joined >= 0).sum())
        count = min(round((1 - sparsity) * joined.numel()), left)
        mask = torch.zeros_like(joined, dtype=torch.bool)
        mask[joined.topk(count).indices] = True
        masks.extend(mask.split([score.numel() for score in group]))
    for matrix, mask in zip(matrices, masks):
        matrix.keep(mask.view(matrix.rows, matrix.cols))


def join(matrices, joined):
    """Whether the S of these matrices learn, or their structures alone (`DopedMatrix.join`)."""
    for matrix in matrices:
        matrix.join(joined)


def doped_matrices(*modules):
    """Every DopedMatrix with a sparse part inside these modules, in order."""
    found = (inner for module in modules for inner in module.modules())
    return [inner for inner in found if isinstance(inner, DopedMatrix) and inner.sparse is not None]


# Layers


class DopedLinear(nn.Module):
    """y = W x + b: x [..., input_size], y [..., output_size]. `options` are those of `DopedMatrix`."""

    def __init__(self, input_size, output_size, bias=True, **options):
        super().__init__()
        self.weight = DopedMatrix(output_size, input_size, **options)
        self.bias = nn.Parameter(torch.zeros(output_size)) if bias else None

    def forward(self, x):
        return nn.functional.linear(x, self.weight(), self.bias)

    def entry(self, store, name):
        weight = self.weight
        sizes = {"input_size": weight.cols, "output_size": weight.rows}
        weight = weight.entry(store, f"{name}.weight")
        return "linear", {**sizes, "weight": weight, **_vector(store, name, bias=self.bias)}


class DopedLSTM(nn.Module):
    """One LSTM layer, gates in the order i, f, g, o, as torch.nn.LSTM with one bias: x [steps, batch, input_size] and
    the state (h, c), [batch, hidden_size] each, to y [steps, batch, hidden_size] and the next state.

    `joined`: one matrix [4H, in + H] acting on [x; h], which is structured as a whole; else one for x and one for h.
    `forget_bias`: what the biases of the forget gate begin with, the others begin with 0 (Jozefowicz et al. 2015).
    `options` are those of `DopedMatrix`. W is made once a call; cuDNN runs the steps on a GPU.
    """

    def __init__(self, input_size, hidden_size, bias=True, joined=False, forget_bias=1.0, **options):
        super().__init__()
        self.input_size, self.hidden_size, self.joined = input_size, hidden_size, joined
        options.setdefault("deviation", 1 / math.sqrt(3 * hidden_size))
        if joined:
            self.weight = DopedMatrix(4 * hidden_size, input_size + hidden_size, **options)
        else:
            self.weight_ih = DopedMatrix(4 * hidden_size, input_size, **options)
            self.weight_hh = DopedMatrix(4 * hidden_size, hidden_size, **options)
        self.bias = nn.Parameter(torch.zeros(4 * hidden_size)) if bias else None
        if bias:
            self.bias.data[hidden_size : 2 * hidden_size] = forget_bias

    def forward(self, x, state=None):
        if self.joined:
            ih, hh = self.weight().split([self.input_size, self.hidden_size], 1)
        else:
            ih, hh = self.weight_ih(), self.weight_hh()
        if state is None:
            state = tuple(x.new_zeros(x.shape[1], self.hidden_size) for _ in range(2))
        flat = [ih.contiguous(), hh.contiguous()]
        if self.bias is not None:
            flat += [self.bias, torch.zeros_like(self.bias)]
        hx = tuple(part.unsqueeze(0).contiguous() for part in state)
        y, h, c = torch.lstm(x, hx, flat, self.bias is not None, 1, 0.0, self.training, False, False)
        return y, (h[0], c[0])

    def entry(self, store, name):
        names = ["weight"] if self.joined else ["weight_ih", "weight_hh"]
        weights = {field: getattr(self, field).entry(store, f"{name}.{field}") for field in names}
        sizes = {"input_size": self.input_size, "hidden_size": self.hidden_size}
        return "lstm", {**sizes, **weights, **_vector(store, name, bias=self.bias)}


class DopedGRU(nn.Module):
    """One GRU layer, gates in the order r, z, n, as torch.nn.GRU: x [steps, batch, input_size] and the state
    [batch, hidden_size] to y [steps, batch, hidden_size] and the next state. `options` are those of `DopedMatrix`."""

    def __init__(self, input_size, hidden_size, bias=True, **options):
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        options.setdefault("deviation", 1 / math.sqrt(3 * hidden_size))
        self.weight_ih = DopedMatrix(3 * hidden_size, input_size, **options)
        self.weight_hh = DopedMatrix(3 * hidden_size, hidden_size, **options)
        for name in ("bias_ih", "bias_hh"):
            setattr(self, name, nn.Parameter(torch.zeros(3 * hidden_size)) if bias else None)

    def forward(self, x, state=None):
        state = x.new_zeros(x.shape[1], self.hidden_size) if state is None else state
        flat = [self.weight_ih(), self.weight_hh(), self.bias_ih, self.bias_hh]
        flat = [part.contiguous() for part in flat if part is not None]
        hx = state.unsqueeze(0).contiguous()
        y, h = torch.gru(x, hx, flat, self.bias_ih is not None, 1, 0.0, self.training, False, False)
        return y, h[0]

    def entry(self, store, name):
        weights = {key: getattr(self, key).entry(store, f"{name}.{key}") for key in ("weight_ih", "weight_hh")}
        sizes = {"input_size": self.input_size, "hidden_size": self.hidden_size}
        return "gru", {**sizes, **weights, **_vector(store, name, bias_ih=self.bias_ih, bias_hh=self.bias_hh)}


# The model file

# Names that emitted code can't have: keywords of C, C++ and Rust, Rust's own types, headers that emitted C includes.
RESERVED = """
abstract alignas alignof and and_eq as asm async atomic_cancel atomic_commit atomic_noexcept auto await become
bitand bitor bool box break case catch char char16_t char32_t char8_t class co_await co_return co_yield compl
concept const const_cast consteval constexpr constinit continue contract_assert core crate decltype default
delete do double dyn dynamic_cast else enum explicit export extern f128 f16 f32 f64 false final float fn for
friend gen goto i128 i16 i32 i64 i8 if impl import in inline int isize let long loop macro main match mod
module move mut mutable namespace new noexcept not not_eq nullptr operator or or_eq override priv private
protected pub public ref reflexpr register reinterpret_cast requires restrict return self short signed sizeof
static static_assert static_cast std stddef stdint str string struct super switch synchronized template this
thread_local throw trait true try type typedef typeid typename typeof typeof_unqual u128 u16 u32 u64 u8 union
unsafe unsigned unsized use using usize virtual void volatile wchar_t where while xor xor_eq yield
""".split()


def save_model(path, layers, check=None, name=None, metadata=None, tolerance=1e-4, inline=32):
    """Writes a model file and, where arrays are longer than `inline` values, a safetensors file beside it.

    `layers`: (name, module) pairs, run in order: DopedLinear, DopedLSTM, DopedGRU, nn.Embedding, nn.Linear, nn.LSTM and
    nn.GRU of one layer, nn.LayerNorm, nn.ReLU, nn.Tanh, nn.Sigmoid, nn.Softmax, nn.LogSoftmax; nn.Dropout is left out.
    Weights of any floats become 32-bit ones.
    `check`: tokens [steps] where the first layer is an embedding, else vectors [steps, input_size], for the check
    vectors; what the layers give of them in 64-bit floats, from a state of zero, is written with them, whatever
    `batch_first` of a layer is; softmax is over the elements of a step, whatever its `dim`. `name`: the model's, else
    that of the file.
    Raises ValueError for what the format can't hold, names that it refuses among it.
    """
    path = pathlib.Path(path)
    if path.suffix == ".safetensors":
        raise ValueError(f"{path} is where the weights would go: give the path of the JSON file")
    name = path.stem if name is None else name
    layers = [(key, module) for key, module in layers if not isinstance(module, nn.Dropout)]
    if not layers:
        raise ValueError("there are no layers: give one at least")
    _check_names(name, [key for key, _ in layers])
    store = _Store(inline)
    entries = []
    for key, module in layers:
        kind, fields = _entry(module, store, key)
        entries.append({kind: {"name": key, **fields}})
    file = {"format": "doped-model", "version": 1, "name": name}
    outputs = []
    if store.tensors:
        file["weights"] = f"{path.stem}.safetensors"
        outputs.append((path.with_suffix(".safetensors"), store.bytes()))
    file["layers"] = entries
    if check is not None:
        tokens = next(iter(entries[0])) == "embedding"
        file["check"] = {**_check([module for _, module in layers], check, tokens), "tolerance": tolerance}
    if metadata is not None:
        file["metadata"] = metadata
    outputs.append((path, (json.dumps(file, allow_nan=False) + "\n").encode()))
    # All are written before the first takes its place, so that a full disk leaves an older model whole.
    beside = [target.with_name(f".{target.name}.tmp") for target, _ in outputs]
    try:
        for temporary, (_, content) in zip(beside, outputs):
            temporary.write_bytes(content)
        for temporary, (target, _) in zip(beside, outputs):
            os.replace(temporary, target)
    finally:
        for temporary in beside:
            temporary.unlink(missing_ok=True)


def _check_names(model, layers):
    for what, word in [("model", model)] + [("layer", layer) for layer in layers]:
        if not re.fullmatch("[a-z][a-z0-9_]{0,63}", word):
            raise ValueError(f"the {what} is called {word!r}: a lower-case letter, then at most 63 lower-case "
                             "letters, digits and underscores are expected; choose another name")
        if word in RESERVED:
            raise ValueError(f"the {what} is called {word!r}, a word that C, C++ or Rust keeps for itself, or a header "
                             "of C; choose another name")
    for i, word in enumerate(layers):
        if word in layers[:i]:
            raise ValueError(f"two layers are called {word!r}: choose another name for one of them")


class _Store:
    """Tensors: short ones become inline arrays, long ones go to the safetensors file (its format:
    https://github.com/huggingface/safetensors)."""

    TYPES = {"float32": "F32", "uint16": "U16", "uint32": "U32"}

    def __init__(self, inline):
        self.inline, self.tensors = inline, {}

    def __call__(self, key, tensor):
        # numpy has no 16-bit floats with the exponent of 32-bit ones (bfloat16).
        array = tensor.detach().float().cpu().numpy() if isinstance(tensor, torch.Tensor) else tensor
        if array.dtype.kind == "f":
            array = array.astype(numpy.float32)
            if not numpy.isfinite(array).all():
                raise ValueError(f"`{key}` holds a value that is not finite: look at how it was trained")
        if array.size > self.inline:
            self.tensors[key] = numpy.ascontiguousarray(array)
            return {"tensor": key}
        # The fewest digits that give the same 32-bit float.
        data = [float(str(value)) if array.dtype.kind == "f" else int(value) for value in array.flatten()]
        return {"shape": list(array.shape), "data": data}

    def bytes(self):
        header, at = {}, 0
        order = sorted(self.tensors, key=lambda key: (-self.tensors[key].itemsize, key))
        for key in order:
            array = self.tensors[key]
            header[key] = {"dtype": self.TYPES[array.dtype.name], "shape": list(array.shape),
                           "data_offsets": [at, at + array.nbytes]}
            at += array.nbytes
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        data = [self.tensors[key].astype(self.tensors[key].dtype.newbyteorder("<")).tobytes() for key in order]
        return b"".join([len(text).to_bytes(8, "little"), text, *data])


def _vector(store, name, **vectors):
    return {key: store(f"{name}.{key}", vector) for key, vector in vectors.items() if vector is not None}


def _dense(weight, store, key):
    return {"shape": list(weight.shape), "structure": {"dense": {"weight": store(f"{key}.weight", weight)}}}


FUNCTIONS = {nn.ReLU: "relu", nn.Tanh: "tanh", nn.Sigmoid: "sigmoid", nn.Softmax: "softmax",
             nn.LogSoftmax: "log_softmax"}


def _entry(module, store, name):
    """The kind of a layer and its fields but for the name."""
    if hasattr(module, "entry"):
        return module.entry(store, name)
    if type(module) in FUNCTIONS:
        return "activation", {"function": FUNCTIONS[type(module)]}
    if isinstance(module, nn.Embedding):
        vocab, size = module.weight.shape
        return "embedding", {"vocab": vocab, "size": size, "weight": store(f"{name}.weight", module.weight)}
    if isinstance(module, nn.Linear):
        sizes = {"input_size": module.in_features, "output_size": module.out_features}
        weight = _dense(module.weight, store, f"{name}.weight")
        return "linear", {**sizes, "weight": weight, **_vector(store, name, bias=module.bias)}
    if isinstance(module, (nn.LSTM, nn.GRU)):
        if module.num_layers != 1 or module.bidirectional or getattr(module, "proj_size", 0):
            raise ValueError(f"layer `{name}` is more than one plain layer: give each layer by itself")
        fields = {"input_size": module.input_size, "hidden_size": module.hidden_size}
        for key in ("weight_ih", "weight_hh"):
            fields[key] = _dense(getattr(module, f"{key}_l0"), store, f"{name}.{key}")
        biases = {key: getattr(module, f"{key}_l0") for key in ("bias_ih", "bias_hh")} if module.bias else {}
        if isinstance(module, nn.GRU):
            return "gru", {**fields, **_vector(store, name, **biases)}
        # The format adds PyTorch's two biases into one: here in floats that hold the sum of any others.
        bias = sum(bias.double() for bias in biases.values()) if biases else None
        return "lstm", {**fields, **_vector(store, name, bias=bias)}
    if isinstance(module, nn.LayerNorm):
        if len(module.normalized_shape) != 1:
            raise ValueError(f"layer `{name}` normalises over {module.normalized_shape}; one dimension is expected")
        size = module.normalized_shape[0]
        weight = torch.ones(size) if module.weight is None else module.weight
        fields = {"size": size, "epsilon": module.eps, "weight": store(f"{name}.weight", weight)}
        return "layer_norm", {**fields, **_vector(store, name, bias=module.bias)}
    raise ValueError(f"layer `{name}` is a {type(module).__name__}, which the format has no layer for")


@torch.no_grad()
def _check(modules, steps, tokens):
    """Tokens, or vectors, with the outputs that the layers give of them, in 64-bit floats, from the reset state."""
    x = torch.as_tensor(steps).cpu()
    if tokens and (x.is_floating_point() or x.dim() != 1):
        raise ValueError(f"`check` is {x.dtype} of shape {list(x.shape)}; the first layer is an embedding: give tokens, "
                         "integers of shape [steps]")
    if not tokens and x.dim() != 2:
        raise ValueError(f"`check` is of shape {list(x.shape)}; the first layer takes vectors: give [steps, input_size]")
    # Vectors may be given as integers; the file's are 32-bit floats.
    x = x if tokens else x.float().double()
    inputs = {"tokens" if tokens else "inputs": x.tolist()}
    x = x.unsqueeze(1)
    for module in modules:
        module = copy.deepcopy(module).cpu().double().eval()
        # x is [steps, 1, size], whatever the module is fed with elsewhere.
        if isinstance(module, (nn.LSTM, nn.GRU)):
            module.batch_first = False
        if isinstance(module, (nn.Softmax, nn.LogSoftmax)):
            module.dim = -1
        x = module(x)
        x = x[0] if isinstance(x, tuple) else x
    return {**inputs, "outputs": x[:, 0].tolist()}
