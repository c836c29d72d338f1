"""onnxruntime as a peer: reads the bench's file of weights, writes an ONNX model with the same network, runs it with one
thread, and times itself. Arguments: the file, and `step` (one call for each step, the state handed on), `run` (one
call for all steps of the ring), or `write` and a path: writes the model of one step for others to read. Lines on stdin, `time N`: N passes through the ring; answered by nanoseconds, and the
last pass's outputs as 32-bit floats.

A call from Python has a cost of its own. Its size is that of the same call on a network that only copies, measured at
the start; in `step` it is taken off, in favour of onnxruntime.
"""

import struct
import sys
import time

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

EMBEDDING, LSTM, LINEAR = range(3)


def arrays(path):
    """The named arrays of the file, as bytes."""
    found = {}
    with open(path, "rb") as file:
        data = memoryview(file.read())
    at = 0
    while at + 64 <= len(data):
        name = bytes(data[at : at + 48]).rstrip(b"\0").decode()
        (size,) = struct.unpack_from("<Q", data, at + 48)
        found[name] = data[at + 64 : at + 64 + size]
        at += 64 + (size + 63) // 64 * 64
    return found


class Network:
    """Shapes and weights."""

    def __init__(self, path):
        self.arrays = arrays(path)
        words = numpy.frombuffer(self.arrays["shape"], numpy.uint32).tolist()
        self.steps, self.tokens, *rest = words
        self.layers = [tuple(rest[i : i + 4]) for i in range(0, len(rest), 4)]
        words = numpy.frombuffer(self.arrays["inputs"], numpy.uint32).reshape(self.steps, -1)
        self.inputs = words.astype(numpy.int64) if self.tokens else words.view(numpy.float32)

    def floats(self, layer, what, shape):
        return numpy.frombuffer(self.arrays[f"{layer}.{what}"], numpy.float32).reshape(shape)

    def lstms(self):
        return [(i, output) for i, (kind, _, output, _) in enumerate(self.layers) if kind == LSTM]


def gates(weights):
    """Rows in the order i, o, f, g of ONNX, from i, f, g, o."""
    i, f, g, o = numpy.split(weights, 4)
    return numpy.concatenate([i, o, f, g])


def model(network, steps):
    """The network for sequences of `steps` steps; with the states h and c of every LSTM as inputs and outputs."""
    nodes, initializers, states_in, states_out = [], [], [], []

    def constant(name, values):
        initializers.append(numpy_helper.from_array(numpy.ascontiguousarray(values), name))
        return name

    if network.tokens:
        given = helper.make_tensor_value_info("x", TensorProto.INT64, [steps, 1])
    else:
        given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [steps, 1, network.layers[0][1]])
    at = "x"
    for i, (kind, size, out, has_bias) in enumerate(network.layers):
        result = f"y{i}"
        if kind == EMBEDDING:
            table = constant(f"table{i}", network.floats(i, "table", (-1, out)))
            nodes.append(helper.make_node("Gather", [table, at], [result]))
        elif kind == LSTM:
            weights = network.floats(i, "dense", (4 * out, size + out))
            bias = network.floats(i, "bias", (4 * out,)) if has_bias else numpy.zeros(4 * out, numpy.float32)
            zeros = numpy.zeros(4 * out, numpy.float32)
            w = constant(f"w{i}", gates(weights[:, :size])[None])
            r = constant(f"r{i}", gates(weights[:, size:])[None])
            b = constant(f"b{i}", numpy.concatenate([gates(bias), zeros])[None])
            for letter in "hc":
                info = [TensorProto.FLOAT, [1, 1, out]]
                states_in.append(helper.make_tensor_value_info(f"{letter}{i}", *info))
                states_out.append(helper.make_tensor_value_info(f"{letter}{i}_next", *info))
            nodes.append(
                helper.make_node(
                    "LSTM",
                    [at, w, r, b, "", f"h{i}", f"c{i}"],
                    [f"all{i}", f"h{i}_next", f"c{i}_next"],
                    hidden_size=out,
                )
            )
            axes = constant(f"axes{i}", numpy.array([1], numpy.int64))
            nodes.append(helper.make_node("Squeeze", [f"all{i}", axes], [result]))
        else:
            weights = constant(f"w{i}", network.floats(i, "dense", (out, size)).T)
            product = f"product{i}" if has_bias else result
            nodes.append(helper.make_node("MatMul", [at, weights], [product]))
            if has_bias:
                bias = constant(f"b{i}", network.floats(i, "bias", (out,)))
                nodes.append(helper.make_node("Add", [product, bias], [result]))
        at = result
    out = helper.make_tensor_value_info(at, TensorProto.FLOAT, [steps, 1, network.layers[-1][2]])
    graph = helper.make_graph(nodes, "network", [given, *states_in], [out, *states_out], initializers)
    return finished(graph), at


def copying(network):
    """A network with the same inputs and outputs that only copies."""
    names = [f"{letter}{i}" for i, _ in network.lstms() for letter in "hc"]
    sizes = [size for _, size in network.lstms() for _ in "hc"]
    out = network.layers[-1][2]
    type_in = TensorProto.INT64 if network.tokens else TensorProto.FLOAT
    shape = [1, 1] if network.tokens else [1, 1, network.layers[0][1]]
    nodes = [helper.make_node("Identity", [name], [f"{name}_next"]) for name in names]
    zeros = numpy_helper.from_array(numpy.zeros((1, 1, out), numpy.float32), "zeros")
    nodes += [helper.make_node("Identity", ["zeros"], ["y"]), helper.make_node("Identity", ["x"], ["x_unused"])]
    info = helper.make_tensor_value_info
    states = [(name, TensorProto.FLOAT, [1, 1, size]) for name, size in zip(names, sizes)]
    graph = helper.make_graph(
        nodes,
        "copying",
        [info("x", type_in, shape), *(info(*state) for state in states)],
        [info("y", TensorProto.FLOAT, [1, 1, out]), *(info(f"{n}_next", t, s) for n, t, s in states)],
        [zeros],
    )
    return finished(graph), "y"


def finished(graph):
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 9
    return made


def session(made):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])


def value(array):
    """A copy for binding, at an address that is a multiple of 64, as the other peers' inputs and outputs."""
    memory = numpy.empty(array.nbytes + 64, numpy.uint8)
    first = -memory.ctypes.data % 64
    copy = memory[first : first + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    made = onnxruntime.OrtValue.ortvalue_from_numpy(copy)
    assert made.data_ptr() % 64 == 0, "onnxruntime has copied what it was given"
    return made


class Calls:
    """The calls of one pass, each with its inputs and outputs bound before."""

    def __init__(self, network, made, output, steps):
        self.session = session(made)
        count = network.steps // steps
        inputs = network.inputs.reshape(count, steps, 1, -1)
        if network.tokens:
            inputs = inputs.reshape(count, steps, 1)
        outputs = numpy.full((steps, 1, network.layers[-1][2]), numpy.nan, numpy.float32)
        self.zeros = {f"{letter}{i}": numpy.zeros((1, 1, size), numpy.float32) for i, size in network.lstms() for letter in "hc"}
        # Two of each state, read and written in turn; the first pair is that of the start.
        self.states = {name: [value(zeros) for _ in range(3)] for name, zeros in self.zeros.items()}
        self.bindings, self.keep = [], []
        for call in range(count):
            binding = self.session.io_binding()
            given, result = value(inputs[call]), value(outputs)
            self.keep.append((given, result))
            binding.bind_ortvalue_input("x", given)
            binding.bind_ortvalue_output(output, result)
            for name, states in self.states.items():
                source = states[2] if call == 0 else states[(call + 1) % 2]
                binding.bind_ortvalue_input(name, source)
                binding.bind_ortvalue_output(f"{name}_next", states[call % 2])
            self.bindings.append(binding._iobinding)

    def time(self, passes):
        """Nanoseconds of this process on a core. The start's states are never written: every pass begins from them."""
        run, bindings = self.session._sess.run_with_iobinding, self.bindings
        start = time.process_time_ns()
        for _ in range(passes):
            for binding in bindings:
                run(binding, None)
        return time.process_time_ns() - start

    def results(self):
        return numpy.concatenate([result.numpy().ravel() for _, result in self.keep])


def main():
    path, mode = sys.argv[1:3]
    network = Network(path)
    if mode == "write":
        onnx.save(model(network, 1)[0], sys.argv[3])
        return
    steps = 1 if mode == "step" else network.steps
    calls = Calls(network, *model(network, steps), steps)
    overhead = 0.0
    if mode == "step":
        copies = Calls(network, *copying(network), 1)
        passes = max(1, 2000 // network.steps)
        copies.time(passes)
        overhead = min(copies.time(passes) for _ in range(9)) / passes / network.steps
    about = f"onnxruntime {onnxruntime.__version__}"
    if mode == "step":
        about += f", {overhead / 1e3:.1f} us a call taken off"
    print("ready", about, flush=True)
    for line in sys.stdin:
        passes = int(line.split()[1])
        nanoseconds = calls.time(passes)
        print(nanoseconds - overhead * passes * network.steps, flush=True)
        sys.stdout.buffer.write(calls.results().astype("<f4").tobytes())
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
