"""TFLM, the interpreter of the chip, through its wheel: the oracle for INT8.

The wheel exists for x86-64 Linux only. It prints to the file descriptors of the process: what it has to say about a
model stands on stderr alone, and a count of variables goes to stdout.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import re
import sys
import time
import types
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantci.errors import ModelRejected, ToolError
from quantci.tflite.blame import failed_op
from quantci.tflite.enums import dtype_name, tensor_label, tensor_name
from quantci.tflite.native_stderr import native_stderr
from quantci.tflite.runner import TensorSpec
from quantci.tflite.tflm_refusals import check_biases, check_shapes, load_fault, refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quantci.records.model import OpInfo
    from quantci.tflite.model import Model
    from quantci.tflite.runner import Runner

# The memory is not touched before it is used: a large first arena costs nothing, and a far too small one crashes TFLM.
FIRST_ARENA_BYTES: Final = 4 * 1024**2
MAX_ARENA_BYTES: Final = 64 * 1024**2
_FULL: Final = re.compile(
    r"Failed to (allocate|resize)|Arena size is too small|failed to allocate memory|Too many buffers", re.IGNORECASE
)
# What NumPy has, but for uint16, which the wheel refuses; asked about bfloat16, it crashes.
_NUMPY_TYPES: Final = frozenset(
    {"bool", "int8", "uint8", "int16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64"}
)
_TOTAL: Final = re.compile(r"Arena allocation total (\d+) bytes")


def tflm_available() -> bool:
    """True where the wheel is installed."""
    return "tflite_micro" in sys.modules or importlib.util.find_spec("tflite_micro") is not None


def tflm_name() -> str:
    """What a record calls this interpreter."""
    from importlib.metadata import version  # takes longer than to open a model: only where the name is asked for

    return f"TFLM {version('tflite-micro')}"


def import_runtime() -> Any:
    """tflite_micro's interpreter, without what its package imports on top and never needs to run a model.

    That is a compression tool, YAML, and a second copy of the flatbuffer schema that LiteRT has loaded already. It
    would take longer than the interpreter itself, in the server that every worker waits for.
    """
    found = importlib.util.find_spec("tflite_micro") if "tflite_micro" not in sys.modules else None
    if found is not None and found.submodule_search_locations:
        package = types.ModuleType("tflite_micro")
        package.__path__ = list(found.submodule_search_locations)
        sys.modules["tflite_micro"] = package
        from ai_edge_litert import schema_py_generated

        sys.modules["tflite_micro.tensorflow.lite.micro.python.schema_py_generated"] = schema_py_generated
    from tflite_micro.python.tflite_micro import runtime

    return runtime


def open_tflm(model: Model, arena_bytes: int | None = None) -> Runner:
    """A runner of this model in TFLM.

    Args:
        model: what to run.
        arena_bytes: size of the tensor arena; by default what the model needs, up to 64 MiB.

    Raises:
        ModelRejected: `dynamic-shape` or `unsupported-op`; with TFLM's own reason `unsupported-op`, `arena` or
            `tflm-refused`; what `parse` refuses.
    """
    return _TflmRunner(model, arena_bytes)


def tflm_arena_bytes(model: Model) -> int:
    """Bytes of arena that TFLM used for this model on this host, after one inference on zeros.

    Raises:
        ModelRejected: see `open_tflm`.
        ToolError: `tflm-output`: the wheel does not print its allocations as expected.
    """
    runner = _TflmRunner(model, None)
    runner.run([np.zeros(spec.shape, spec.dtype) for spec in runner.inputs])
    return runner.used_bytes()


def open_preserved_tflm(model: Model) -> PreservedTflm:
    """A runner that keeps every tensor of the main subgraph after a run, for the memory that this takes.

    Raises:
        ModelRejected: see `open_tflm`.
    """
    return PreservedTflm(model, None, preserve=True)


class _TflmRunner:
    def __init__(self, model: Model, arena_bytes: int | None, *, preserve: bool = False) -> None:
        self._preserve = preserve
        check_shapes(model)
        check_biases(model)
        self._model = model
        graph = model.tree.subgraphs[0]
        self._is_stateful = any(tensor.isVariable for tensor in graph.tensors)
        self._interpreter = self._open(model.data, arena_bytes)
        self.inputs = self._specs(graph, graph.inputs, self._interpreter.get_input_details)
        self.outputs = self._specs(graph, graph.outputs, self._interpreter.get_output_details)
        self._invoke_ns = 0

    @property
    def name(self) -> str:
        """See Runner."""
        return tflm_name()

    def run(self, tensors: list[NDArray[Any]]) -> list[NDArray[Any]]:
        """See Runner."""
        if self._is_stateful:
            self._interpreter.reset()  # each sample stands alone, whatever an LSTM saw before
        for index, (spec, tensor) in enumerate(zip(self.inputs, tensors, strict=True)):
            self._interpreter.set_input(spec.fit(tensor), index)
        start = time.perf_counter_ns()
        try:
            self._interpreter.invoke()
        except RuntimeError as error:
            # Once more, to catch what it prints: that takes longer than most inferences.
            with native_stderr() as printed, contextlib.suppress(RuntimeError):
                self._interpreter.invoke()
            raise self._refusal(printed.reason(str(error)), failed_op(self._model, printed.text)) from None
        self._invoke_ns = time.perf_counter_ns() - start
        return [np.array(self._interpreter.get_output(index)) for index in range(len(self.outputs))]

    def invoke_us(self) -> float:
        """See Runner."""
        return self._invoke_ns / 1000

    def used_bytes(self) -> int:
        """Bytes of the arena that are in use."""
        with native_stderr() as printed:
            self._interpreter.print_allocations()
        found = _TOTAL.search(printed.text)
        if found is None:
            raise ToolError(
                "tflm-output",
                f"{self.name} does not print its allocations as expected.",
                remedy="Install the version of tflite-micro that quantci pins.",
            )
        return int(found[1])

    def _open(self, data: bytes, arena_bytes: int | None) -> Any:
        runtime = import_runtime()
        size = FIRST_ARENA_BYTES if arena_bytes is None else arena_bytes
        kinds = runtime.InterpreterConfig
        kind = kinds.kPreserveAllTensors if self._preserve else kinds.kAllocationRecording
        while True:
            try:
                with native_stderr() as printed, contextlib.redirect_stdout(io.StringIO()):
                    return runtime.Interpreter.from_bytes(data, arena_size=size, intrepreter_config=kind)
            except RuntimeError as error:
                is_full = _FULL.search(printed.text) is not None
                if arena_bytes is not None or not is_full or size >= MAX_ARENA_BYTES:
                    raise load_fault(
                        self._model, self.name, printed.reason(str(error)), printed.text, size if is_full else None
                    ) from None
                size *= 2

    def _refusal(self, reason: str, ops: Sequence[OpInfo] = ()) -> ModelRejected:
        return refusal(self._model, self.name, reason, ops)

    def _specs(self, graph: Any, indices: Sequence[int], details_of: Any) -> list[TensorSpec]:
        specs = []
        for position, index in enumerate(indices):
            dtype = dtype_name(graph.tensors[index].type)
            if dtype not in _NUMPY_TYPES:
                raise self._refusal(
                    f"{tensor_label(graph.tensors[index], index)} is {dtype}, which its wheel cannot read"
                )
            try:
                details = details_of(position)
            except (ValueError, IndexError) as error:
                raise self._refusal(f"{tensor_label(graph.tensors[index], index)}: {error}") from None
            quantization = details["quantization_parameters"]
            scales, zero_points = quantization["scales"], quantization["zero_points"]
            specs.append(
                TensorSpec(
                    name=tensor_name(graph.tensors[index]),
                    shape=tuple(int(size) for size in details["shape"]),
                    dtype=np.dtype(details["dtype"]).name,
                    scale=float(scales[0]) if len(scales) else 0.0,
                    zero_point=int(zero_points[0]) if len(zero_points) else 0,
                )
            )
        return specs


class PreservedTflm(_TflmRunner):
    """See open_preserved_tflm(); `run` is a Runner's."""

    def tensor(self, index: int) -> NDArray[Any]:
        """A copy of what the tensor of this index in the model holds after the last run."""
        return np.array(self._interpreter.GetTensor(index, 0)["tensor_data"])
