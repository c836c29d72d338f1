"""Tests of doped.py: python -m unittest discover python            (needs torch and numpy)

Where the command `dopec` can be found (the environment's DOPEC, target/debug or the path), saved models go through it.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy
import torch
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import doped  # noqa: E402
from doped import Cmr, DopedGRU, DopedLinear, DopedLSTM, DopedMatrix  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent


def dopec():
    """The command, or None."""
    built = ROOT / "target" / "debug" / "dopec"
    return os.environ.get("DOPEC") or (str(built) if built.exists() else shutil.which("dopec"))


class Structures(unittest.TestCase):
    def test_kronecker_is_numpys(self):
        matrix = DopedMatrix(12, 30, kind="kronecker", sparse=False, shapes=[(2, 3), (3, 2), (2, 5)])
        a, b, c = (factor.detach().numpy() for factor in matrix.structure.factors)
        numpy.testing.assert_allclose(matrix().detach().numpy(), numpy.kron(numpy.kron(a, b), c), rtol=1e-6)

    def test_factors_have_full_rank_and_few_values(self):
        self.assertEqual(doped.kronecker_shapes(2600, 1300), ((52, 26), (50, 50)))
        for kind, options in [("kronecker", {}), ("low_rank", {"rank": 3}), ("hybrid", {"upper": 4, "rank": 2})]:
            weight = DopedMatrix(12, 8, kind=kind, sparse=False, **options)()
            rank = {"kronecker": 8, "low_rank": 3, "hybrid": 6}[kind]
            self.assertEqual((tuple(weight.shape), int(torch.linalg.matrix_rank(weight))), ((12, 8), rank))

    def test_elements_start_with_the_deviation_asked_for(self):
        for kind, options in [("dense", {}), ("pruned", {}), ("kronecker", {}), ("low_rank", {"rank": 40}),
                              ("hybrid", {"upper": 100, "rank": 40})]:
            weights = [DopedMatrix(200, 200, kind=kind, deviation=0.1, **options)().detach() for _ in range(20)]
            squares = [float(weight.pow(2).mean()) for weight in weights]
            self.assertAlmostEqual(sum(squares) / 20, 0.01, delta=0.002, msg=kind)

    def test_wrong_shapes_are_told(self):
        for options, words in [({"kind": "low_rank"}, "rank"), ({"kind": "low_rank", "rank": 9}, "from 1 to 8"),
                               ({"kind": "cubic"}, "choose dense"), ({"shapes": [(3, 2), (4, 3)]}, "mend their shapes"),
                               ({"kind": "pruned", "sparse": False}, "nothing but sparse")]:
            with self.assertRaisesRegex(ValueError, words):
                DopedMatrix(12, 8, **options)


class Doping(unittest.TestCase):
    def test_the_schedule_is_cubic(self):
        at = [doped.cubic_sparsity(step, 0.9, start=10, end=20) for step in (0, 10, 15, 20, 99)]
        for found, expected in zip(at, [0, 0, 0.9 * (1 - 0.125), 0.9, 0.9]):
            self.assertAlmostEqual(found, expected)

    def test_the_largest_stay_and_none_comes_back(self):
        for over in ("matrix", "all"):
            matrices = [DopedMatrix(10, 6, kind="low_rank", rank=2, sparse_share=0.5), DopedMatrix(4, 5, kind="pruned")]
            before = [matrix.sparse.detach().abs().clone() for matrix in matrices]
            doped.prune(matrices, 0.75, over)
            counts = [matrix.nnz() for matrix in matrices]
            self.assertEqual(sum(counts), 20)
            if over == "matrix":
                self.assertEqual(counts, [15, 5])
            for matrix, size in zip(matrices, before):
                if 0 < matrix.nnz() < size.numel():
                    self.assertGreater(float(size[matrix.mask].min()), float(size[~matrix.mask].max()))
            masks = [matrix.mask.clone() for matrix in matrices]
            for matrix in matrices:
                matrix.sparse.data.fill_(1.0)
            doped.prune(matrices, 0.5, over)
            for matrix, mask in zip(matrices, masks):
                self.assertTrue(torch.equal(matrix.mask, mask))

    def test_what_is_left_out_gets_no_gradient(self):
        matrix = DopedMatrix(6, 6, kind="pruned")
        doped.prune([matrix], 0.5)
        (matrix() @ torch.randn(6)).sum().backward()
        self.assertEqual(int((matrix.sparse.grad[~matrix.mask] != 0).sum()), 0)

    def test_until_it_joins_s_stays_as_it_is(self):
        matrix, pruned = DopedMatrix(12, 8, cmr=Cmr(0.9)), DopedMatrix(4, 5, kind="pruned")
        self.assertEqual(int(matrix.sparse.count_nonzero()), 0)
        optimizer = torch.optim.Adam([*matrix.parameters(), *pruned.parameters()])
        for joined in (False, True):
            doped.join([matrix, pruned], joined)
            before = [part.detach().clone() for part in (matrix.structure(), matrix.sparse, pruned.sparse)]
            for _ in range(3):
                optimizer.zero_grad()
                (matrix().square().sum() + matrix().sum() + pruned().sum()).backward()
                optimizer.step()
            after = (matrix.structure(), matrix.sparse, pruned.sparse)
            moved = [not torch.equal(part, was) for part, was in zip(after, before)]
            self.assertEqual(moved, [True, joined, True])
        with self.assertRaisesRegex(ValueError, "from 0 to 1"):
            DopedMatrix(4, 5, sparse_share=1.5)

    def test_cmr_masks_both_in_training_and_keeps_the_mean(self):
        for granularity, pattern in [("element", (1, 1)), ("row", (1, 8)), ("matrix", (12, 8))]:
            matrix = DopedMatrix(12, 8, kind="dense", cmr=Cmr(0.25, granularity))
            torch.nn.init.constant_(matrix.structure.weight, 0.75)
            torch.nn.init.constant_(matrix.sparse, 3.0)
            mean = torch.zeros(12, 8)
            kinds = set()
            for _ in range(2000):
                weight = matrix().detach()
                mean += weight / 2000
                blocks = weight[:: pattern[0], :: pattern[1]].repeat_interleave(pattern[0], 0)
                self.assertTrue(torch.equal(blocks.repeat_interleave(pattern[1], 1), weight), granularity)
                kinds.update(round(float(value), 3) for value in weight.flatten())
            if granularity == "element":  # with neither, the structure alone, S alone, both
                self.assertEqual(kinds, {0.0, 1.0, 4.0, 5.0})
            else:  # never with neither: kept with 0.75 + 0.25²
                self.assertEqual(kinds, {round(value / 0.8125, 3) for value in (0.75, 3.0, 3.75)})
            self.assertLess(float((mean - 3.75).abs().max()), 0.25)
            self.assertTrue(torch.equal(matrix.eval()().detach(), torch.full((12, 8), 3.75)))

    def test_the_budget_is_kept(self):
        matrix = DopedMatrix(260, 130)
        for count, each, fixed in [("values", 4, 0), ("bytes", 6, 4 * 261)]:
            nnz = matrix.nnz_for(10, count)
            stored = 4 * matrix.structured_values() + each * nnz + fixed
            self.assertTrue(-each < stored - 4 * 260 * 130 / 10 <= 0)
        self.assertAlmostEqual(DopedMatrix(2600, 1300).sparsity_for(25, "values"), 0.9611, places=4)
        with self.assertRaisesRegex(ValueError, "choose a smaller structure"):
            matrix.nnz_for(1000)

    def test_shares_are_parts_of_the_whole(self):
        matrix = DopedMatrix(5, 4, kind="dense")
        matrix.sparse.data.copy_(matrix.structure.weight.data * 3)
        shares = matrix.shares(torch.randn(7, 4))
        self.assertAlmostEqual(shares[0], 0.25, places=5)
        self.assertAlmostEqual(shares[1], 0.75, places=5)


class Layers(unittest.TestCase):
    def hold(self, ours, theirs, x, pairs):
        for own, other in pairs:
            own.data.copy_(other.data)
        state = torch.randn(x.shape[1], theirs.hidden_size)
        for start in (None, (state, state * 0.5) if isinstance(theirs, nn.LSTM) else state):
            stacked = tuple(part[None] for part in start) if isinstance(start, tuple) else start
            stacked = stacked[None] if isinstance(stacked, torch.Tensor) else stacked
            expected, last = theirs(x, stacked)
            found, own_last = ours(x, start)
            torch.testing.assert_close(found, expected)
            last, own_last = (s if isinstance(s, tuple) else (s,) for s in (last, own_last))
            for own, other in zip(own_last, last):
                torch.testing.assert_close(own, other[0])

    def test_an_lstm_is_torchs(self):
        theirs, x = nn.LSTM(5, 7), torch.randn(4, 3, 5)
        theirs.bias_hh_l0.data.zero_()
        plain = {"kind": "dense", "sparse": False}
        ours = DopedLSTM(5, 7, **plain)
        pairs = [(ours.weight_ih.structure.weight, theirs.weight_ih_l0),
                 (ours.weight_hh.structure.weight, theirs.weight_hh_l0), (ours.bias, theirs.bias_ih_l0)]
        self.hold(ours, theirs, x, pairs)
        ours = DopedLSTM(5, 7, joined=True, **plain)
        both = torch.cat([theirs.weight_ih_l0, theirs.weight_hh_l0], 1)
        self.hold(ours, theirs, x, [(ours.weight.structure.weight, both), (ours.bias, theirs.bias_ih_l0)])

    def test_a_gru_is_torchs(self):
        theirs, x = nn.GRU(5, 7), torch.randn(4, 3, 5)
        ours = DopedGRU(5, 7, kind="dense", sparse=False)
        pairs = [(ours.weight_ih.structure.weight, theirs.weight_ih_l0),
                 (ours.weight_hh.structure.weight, theirs.weight_hh_l0),
                 (ours.bias_ih, theirs.bias_ih_l0), (ours.bias_hh, theirs.bias_hh_l0)]
        self.hold(ours, theirs, x, pairs)

    @unittest.skipUnless(torch.cuda.is_available(), "needs a GPU")
    def test_a_gpu_gives_the_same(self):
        for layer in (DopedLSTM(6, 8), DopedLSTM(6, 8, joined=True), DopedGRU(6, 8)):
            x = torch.randn(5, 2, 6)
            expected = layer(x)[0]
            torch.testing.assert_close(layer.cuda()(x.cuda())[0].cpu(), expected, atol=1e-5, rtol=1e-4)


class Saving(unittest.TestCase):
    def train(self, recurrent, folder, name):
        """A few steps on a text of its own, then the model file."""
        text = "sing a song of sixpence, a pocket full of rye. " * 20
        letters = sorted(set(text))
        tokens = torch.tensor([letters.index(letter) for letter in text])
        size = recurrent.hidden_size
        head = DopedLinear(size, len(letters), kind="low_rank", rank=5, cmr=Cmr(0.1, "element"))
        net = nn.ModuleList([nn.Embedding(len(letters), 10), recurrent, head])
        adam = torch.optim.Adam(net.parameters(), 1e-2)
        losses = []
        for step in range(30):
            doped.prune(doped.doped_matrices(net), doped.cubic_sparsity(step, 0.9, 3, 25))
            x = tokens[: 20 * 40].view(20, 40).T
            loss = nn.functional.cross_entropy(head(recurrent(net[0](x[:-1]))[0]).flatten(0, 1), x[1:].flatten())
            adam.zero_grad()
            loss.backward()
            adam.step()
            losses.append(loss.item())
        self.assertLess(losses[-1], 0.9 * losses[0])
        layers = [("embed", net[0]), ("drop", nn.Dropout(0.5)), ("rnn", recurrent), ("head", head)]
        layers.append(("out", nn.LogSoftmax(-1)))
        path = pathlib.Path(folder) / f"{name}.json"
        doped.save_model(path, layers, check=tokens[:6], metadata={"loss": losses[-1]})
        return path

    def test_trained_models_compile(self):
        command = dopec()
        with tempfile.TemporaryDirectory() as folder:
            for name, recurrent in [
                ("kronecker", DopedLSTM(10, 24, cmr=Cmr(0.1))),
                ("joined", DopedLSTM(10, 24, joined=True, kind="hybrid", upper=30, rank=3, bias=False)),
                ("pruned", DopedLSTM(10, 24, kind="pruned")),
                ("gru", DopedGRU(10, 24, kind="low_rank", rank=3)),
            ]:
                path = self.train(recurrent, folder, name)
                file = json.loads(path.read_text())
                self.assertEqual([next(iter(layer)) for layer in file["layers"]],
                                 ["embedding", "gru" if name == "gru" else "lstm", "linear", "activation"])
                if command:
                    for arguments in (["--emit", "ir"], ["--emit", "c,rust", "-o", folder]):
                        subprocess.run([command, path, *arguments], check=True, stdout=subprocess.DEVNULL)
                    subprocess.run([command, "verify", path], check=True, stdout=subprocess.DEVNULL)
        if not command:
            self.skipTest("`dopec` is not built: the files were written, not compiled")

    def test_torchs_own_layers_and_vectors(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "plain.json"
            stack = [("lstm", nn.LSTM(7, 9)), ("norm", nn.LayerNorm(9)), ("gru", nn.GRU(9, 5)), ("tanh", nn.Tanh())]
            stack.append(("head", nn.Linear(5, 3)))
            doped.save_model(path, stack, check=torch.randn(6, 7))
            file = json.loads(path.read_text())
            self.assertEqual(len(file["check"]["outputs"]), 6)
            if dopec():
                subprocess.run([dopec(), "verify", path], check=True, stdout=subprocess.DEVNULL)

    def test_check_vectors_are_of_steps_whatever_the_layout(self):
        lstm, gru, steps = nn.LSTM(3, 4), nn.GRU(4, 5), torch.randn(6, 3)

        def outputs(folder, batch_first, last):
            layers = []
            for name, layer in [("lstm", lstm), ("gru", gru)]:
                layer.batch_first = batch_first
                layers.append((name, layer))
            path = pathlib.Path(folder) / "model.json"
            doped.save_model(path, [*layers, ("out", last)], check=steps)
            self.assertEqual((lstm.batch_first, gru.batch_first), (batch_first, batch_first))
            if dopec():
                subprocess.run([dopec(), "verify", path], check=True, stdout=subprocess.DEVNULL)
            return json.loads(path.read_text())["check"]["outputs"]

        with tempfile.TemporaryDirectory() as folder:
            for kind in (nn.Softmax, nn.LogSoftmax):
                expected = outputs(folder, False, kind(dim=-1))
                found = nn.functional.softmax(gru(lstm(steps)[0])[0].detach(), -1)
                found = found.log() if kind is nn.LogSoftmax else found
                numpy.testing.assert_allclose(found, expected, atol=1e-5)
                for dim in (0, 1, 2, None):
                    last = kind(dim=dim)
                    self.assertEqual(outputs(folder, True, last), expected, (kind, dim))
                    self.assertEqual(last.dim, dim)

    def test_the_docs_example_runs_as_it_is_printed(self):
        block = (ROOT / "docs" / "model-file.md").read_text().split("```python\n")[1].split("```")[0]
        here = os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                exec(block.replace("1000", "40"), {})
            finally:
                os.chdir(here)
            file = json.loads((pathlib.Path(folder) / "lm.json").read_text())
            self.assertEqual(file["check"]["tokens"], [18, 47, 56])

    def test_bfloat16_and_integers_become_floats(self):
        lstm = nn.LSTM(7, 9).to(torch.bfloat16)
        head = DopedLinear(9, 8).to(torch.bfloat16)
        doped.prune([head.weight], 0.5)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "half.json"
            check = [[1, 0, -2, 3, 0, 1, 1], [0] * 7]
            doped.save_model(path, [("lstm", lstm), ("head", head)], check=check, inline=10**6)
            file = json.loads(path.read_text())
            self.assertEqual(file["check"]["inputs"][0], [1.0, 0.0, -2.0, 3.0, 0.0, 1.0, 1.0])
            bias = file["layers"][0]["lstm"]["bias"]["data"]
            expected = lstm.bias_ih_l0.double() + lstm.bias_hh_l0.double()
            numpy.testing.assert_array_equal(numpy.float32(bias), expected.detach().float().numpy())
            if dopec():
                subprocess.run([dopec(), "verify", path], check=True, stdout=subprocess.DEVNULL)

    def test_what_the_format_cannot_hold_is_told(self):
        broken = DopedLinear(3, 2)
        broken.bias.data[1] = float("nan")
        with tempfile.TemporaryDirectory() as folder:
            for name, layers, words in [
                ("Big", [("a", nn.Linear(2, 2))], "choose another name"),
                ("a", [("A b", nn.Linear(2, 2))], "the layer"), ("a", [("a" * 65, nn.Linear(2, 2))], "at most 63"),
                ("a", [("final", nn.Linear(2, 2))], "'final', a word that"), ("f32", [("a", nn.Linear(2, 2))], "the model"),
                ("a", [("b", nn.Linear(2, 2)), ("b", nn.Linear(2, 2))], "two layers are called 'b'"),
                ("a", [("b", nn.Dropout(0.5))], "no layers"),
                ("a", [("a", nn.Conv1d(2, 2, 1))], "no layer for"), ("a", [("a", broken)], "`a.bias` holds"),
                ("a", [("a", nn.LSTM(2, 2, num_layers=2))], "more than one"),
            ]:
                with self.assertRaisesRegex(ValueError, words):
                    doped.save_model(pathlib.Path(folder) / f"{name}.json", layers)
            for layer, check, words in [
                (nn.Embedding(3, 2), [0.5], "give tokens"), (nn.Linear(2, 2), [1, 0], "give .steps, input_size"),
            ]:
                with self.assertRaisesRegex(ValueError, words):
                    doped.save_model(pathlib.Path(folder) / "a.json", [("a", layer)], check=check)
            with self.assertRaisesRegex(ValueError, "path of the JSON file"):
                doped.save_model(pathlib.Path(folder) / "a.safetensors", [("a", nn.Linear(2, 2))])
            self.assertEqual(os.listdir(folder), [])


if __name__ == "__main__":
    unittest.main()
