"""Writes what a trainer must reproduce: twenty steps of small doped language models, computed by PyTorch in float64.

Usage: python python/oracle.py            (writes python/fixtures/*.json; needs torch and numpy)

Each fixture is one JSON object:

| field | meaning |
| --- | --- |
| `settings` | `learning_rate`, `betas`, `epsilon` of Adam; `clip`; `sparsity`, `prune_start`, `prune_end`, `prune_over` |
| `initial`, `final` | model files (docs/model-file.md), all inline: before the first step and after the last |
| `inputs`, `targets` | tokens, [step][time][stream] |
| `sparsity` | [step]: what S is pruned to at the beginning of the step |
| `nnz` | [step][matrix]: entries left by that, matrices in the order of the model file |
| `losses` | [step]: mean cross-entropy over time and streams in nats, before the step's update |
| `norms` | [step]: the norm of the gradient of all parameters, before clipping |

S is the sparse part of a matrix; in `initial` it has every entry. A step, counted from 0:

1. Each S keeps its round((1 − s) · size) entries of largest magnitude, halves to even; where `prune_over` is "all", the
   entries of all matrices are held against each other. Entries left out stay out. s is 0 up to `prune_start`, `sparsity`
   from `prune_end` on, between them sparsity · (1 − (1 − (step − prune_start) / (prune_end − prune_start))³).
2. The layers run over the step's times from the state that the step before ended with (zero before the first step),
   through which no gradient flows. The gradient of an entry of S that is left out is zero.
3. Where the norm of all gradients is above `clip`, all are multiplied by clip / (norm + 1e-6).
4. Adam (Kingma and Ba, arXiv 1412.6980), with both bias corrections. No decay of weights or of the rate, no dropout, no
   masks of CMR.

The script trains in float32 too, and fails where the losses differ by more than 1e-5 or the masks at all, or where
magnitudes on the two sides of a pruning are closer than 1e-5, so that a trainer in 32-bit floats can be held to 1e-4.
A quarter of every S is a whole number and no pruning has a half to round: a trainer that counts entries on the way to a
whole number of them, rather than sparsities, keeps as many at every step.
"""

import copy
import json
import pathlib
import tempfile

import torch
from torch import nn

from doped import DopedGRU, DopedLinear, DopedLSTM, cubic_sparsity, doped_matrices, prune, save_model

FOLDER = pathlib.Path(__file__).resolve().parent / "fixtures"
VOCAB, EMBED, HIDDEN = 12, 8, 16
STEPS, TIMES, STREAMS = 20, 10, 4
MARGIN = 1e-5
SETTINGS = {"learning_rate": 2e-3, "betas": [0.9, 0.999], "epsilon": 1e-8, "clip": 1.0,
            "sparsity": 0.75, "prune_start": 3, "prune_end": 14}
# Both parts begin alike, and no bias is apart from the others, so that nothing is hidden by zeros.
START = {"sparse_share": 0.5, "forget_bias": 0.0}


def streams(generator):
    """Tokens [STEPS · TIMES + 1, STREAMS]: mostly one of two successors of the token before: something to learn."""
    successors = torch.randint(VOCAB, (VOCAB, 2), generator=generator)
    tokens = [torch.randint(VOCAB, (STREAMS,), generator=generator)]
    for _ in range(STEPS * TIMES):
        choice = torch.randint(2, (STREAMS,), generator=generator)
        next_tokens = successors[tokens[-1], choice]
        noise = torch.randint(VOCAB, (STREAMS,), generator=generator)
        stray = torch.rand(STREAMS, generator=generator) < 0.1
        tokens.append(torch.where(stray, noise, next_tokens))
    return torch.stack(tokens)


def train(layers, tokens, over):
    """Twenty steps: what the fixture says of each, the masks at the end, and the closest `margin` of the prunings."""
    modules = nn.ModuleList([module for _, module in layers])
    embed, recurrent, head = modules
    matrices = doped_matrices(modules)
    rate, betas, epsilon = (SETTINGS[key] for key in ("learning_rate", "betas", "epsilon"))
    adam = torch.optim.Adam(modules.parameters(), lr=rate, betas=betas, eps=epsilon)
    record = {"inputs": [], "targets": [], "sparsity": [], "nnz": [], "losses": [], "norms": []}
    state, gap = None, float("inf")
    for step in range(STEPS):
        sparsity = cubic_sparsity(step, SETTINGS["sparsity"], SETTINGS["prune_start"], SETTINGS["prune_end"])
        before = [(matrix.mask.clone(), matrix.sparse.detach().abs()) for matrix in matrices]
        prune(matrices, sparsity, over)
        gap = min(gap, margin(before, matrices, over))
        window = tokens[step * TIMES:(step + 1) * TIMES + 1]
        inputs, targets = window[:-1], window[1:]
        y, state = recurrent(embed(inputs), state)
        state = tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()
        loss = nn.functional.cross_entropy(head(y).flatten(0, 1), targets.flatten())
        adam.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(modules.parameters(), SETTINGS["clip"])
        adam.step()
        row = [inputs.tolist(), targets.tolist(), sparsity, [m.nnz() for m in matrices], loss.item(), norm.item()]
        for key, value in zip(record, row):
            record[key].append(value)
    return record, [matrix.mask for matrix in matrices], gap


def margin(before, matrices, over):
    """How far apart the smallest magnitude that stayed and the largest that went are, at the closest."""
    gaps = []
    stayed = [size[matrix.mask] for (_, size), matrix in zip(before, matrices)]
    went = [size[mask & ~matrix.mask] for (mask, size), matrix in zip(before, matrices)]
    if over == "all":
        stayed, went = [torch.cat(stayed)], [torch.cat(went)]
    for kept, lost in zip(stayed, went):
        gaps.append(float(kept.min() - lost.max()) if lost.numel() else float("inf"))
    return min(gaps)


def model_file(layers, name):
    """The layers as a model file's JSON value, all inline, with check vectors."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / f"{name}.json"
        save_model(path, layers, check=[0, 5, 11, 3], inline=1 << 30)
        return json.loads(path.read_text())


def write(name, recurrent, over, seed, spread):
    """Trains in both precisions, compares, writes fixtures/NAME.json. `spread` is the deviation of the head's weights:
    large enough for the clipping to matter in some steps and not in others."""
    torch.manual_seed(seed)
    head = DopedLinear(HIDDEN, VOCAB, kind="dense", sparse=False, deviation=spread)
    layers = [("embed", nn.Embedding(VOCAB, EMBED)), ("recurrent", recurrent()), ("head", head)]
    tokens = streams(torch.Generator().manual_seed(seed))
    initial = model_file(layers, name)
    wide = [(key, copy.deepcopy(module).double()) for key, module in layers]
    record, masks, gap = train(wide, tokens, over)
    narrow, narrow_masks, _ = train(layers, tokens, over)
    difference = max(abs(a - b) for a, b in zip(record["losses"], narrow["losses"]))
    assert difference < 1e-5, (name, difference)
    same = all(torch.equal(a, b) for a, b in zip(masks, narrow_masks))
    assert same, f"{name}: other masks in float32; take another seed"
    assert gap > MARGIN, f"{name}: magnitudes {gap:.1e} apart at a pruning; take another seed"
    assert max(record["norms"]) > SETTINGS["clip"] > min(record["norms"]), (name, record["norms"])
    settings = {**SETTINGS, "prune_over": over}
    fixture = {"settings": settings, "initial": initial, "final": model_file(wide, name), **record}
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in fixture.items())
    (FOLDER / f"{name}.json").write_text("{\n" + lines + "\n}\n")
    print(name, [round(loss, 3) for loss in record["losses"]], f"float32 differs by {difference:.1e}")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    torch.set_num_threads(1)
    write("twenty_steps", lambda: DopedLSTM(EMBED, HIDDEN, kind="kronecker", **START), "matrix", 1, 1.6)
    write("twenty_steps_gru", lambda: DopedGRU(EMBED, HIDDEN, kind="low_rank", rank=3, sparse_share=0.5), "all", 1, 0.5)
    hybrid = {"kind": "hybrid", "upper": 20, "rank": 2, "joined": True}
    write("twenty_steps_joined", lambda: DopedLSTM(EMBED, HIDDEN, **hybrid, **START), "matrix", 4, 1.6)
