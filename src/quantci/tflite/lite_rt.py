"""LiteRT: the interpreter for the float model, and one step of the waterfall for the quantized one."""

from __future__ import annotations

import re
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np

from quantci.errors import ModelRejected
from quantci.tflite.blame import blamed
from quantci.tflite.enums import dtype_name, tensor_label
from quantci.tflite.integer_only import name_ops
from quantci.tflite.native_stderr import native_stderr
from quantci.tflite.remedies import replacement
from quantci.tflite.runner import TensorSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from quantci.records.model import OpInfo
    from quantci.tflite.model import Model
    from quantci.tflite.runner import Runner

Kernels: TypeAlias = Literal["default", "builtin", "reference"]
_KERNELS: Final[dict[Kernels, tuple[str, str]]] = {
    "default": ("AUTO", "XNNPACK"),
    "builtin": ("BUILTIN_WITHOUT_DEFAULT_DELEGATES", "built-in kernels"),
    "reference": ("BUILTIN_REF", "reference kernels"),
}
_GLUED: Final = re.compile(r"(?<=[^\s.])\.?(?=Node number \d)")  # LiteRT adds which op it was without a space


def lite_rt_name(kernels: Kernels = "default") -> str:
    """What a record calls this interpreter."""
    import ai_edge_litert

    return f"LiteRT {ai_edge_litert.__version__} ({_KERNELS[kernels][1]})"


def open_lite_rt(model: Model, *, kernels: Kernels = "default", threads: int = 1) -> Runner:
    """A runner of this model in LiteRT.

    Args:
        model: what to run.
        kernels: `default` is what an application gets (XNNPACK where it can), `builtin` LiteRT's own optimized
            kernels, `reference` the plain C++ kernels.
        threads: threads of one inference.

    Raises:
        ModelRejected: `lite-rt-refused`, with LiteRT's own reason; `unsupported-op`; what `parse` refuses.
    """
    return _LiteRtRunner(model, kernels, threads)


def open_preserved(model: Model, kernels: Literal["builtin", "reference"]) -> PreservedRunner:
    """A runner that keeps every tensor of the main subgraph after a run, for the memory that this takes.

    Not with XNNPACK: it may compute several ops as one and leave what lies between them untouched.

    Raises:
        ModelRejected: see `open_lite_rt`.
    """
    return PreservedRunner(model, kernels, 1, preserve=True)


def _check_states(model: Model) -> None:
    """LiteRT takes the state of an integer SVDF for 16 bits, whatever the model says, and writes behind its end."""
    for tensors, op in model.ops("SVDF"):
        place = int(op.inputs[4])
        if dtype_name(tensors[place].type) == "int8":
            raise ModelRejected(
                "unsupported-op",
                f"LiteRT does not read the state of an SVDF in 8 bits ({tensor_label(tensors[place], place)}).",
                where=model.where,
                remedy="Quantize the state of SVDF to int16, as TensorFlow's converter does.",
            )


class _LiteRtRunner:
    def __init__(self, model: Model, kernels: Kernels, threads: int, *, preserve: bool = False) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        _check_states(model)
        self.name, self._model = lite_rt_name(kernels), model
        self._make = partial(
            Interpreter,
            num_threads=threads,
            experimental_op_resolver_type=getattr(OpResolverType, _KERNELS[kernels][0]),
            experimental_preserve_all_tensors=preserve,
        )
        self._interpreter: Any = self._guard(partial(self._make, model_content=model.data))
        self._guard(self._interpreter.allocate_tensors)
        self._input_indices, self.inputs = _specs(self._guard(self._interpreter.get_input_details))
        self._output_indices, self.outputs = _specs(self._guard(self._interpreter.get_output_details))
        self._invoke_ns = 0

    def run(self, tensors: list[NDArray[Any]]) -> list[NDArray[Any]]:
        """See Runner."""
        for index, spec, tensor in zip(self._input_indices, self.inputs, tensors, strict=True):
            self._interpreter.set_tensor(index, spec.fit(tensor))
        self._interpreter.reset_all_variables()  # each sample stands alone, whatever an LSTM saw before
        start = time.perf_counter_ns()
        try:
            self._interpreter.invoke()
            self._invoke_ns = time.perf_counter_ns() - start
            # get_tensor() copies.
            return [np.asarray(self._interpreter.get_tensor(index)) for index in self._output_indices]
        except (RuntimeError, ValueError) as error:
            raise self._refusal(str(error)) from None

    def invoke_us(self) -> float:
        """See Runner."""
        return self._invoke_ns / 1000

    def _guard(self, call: Callable[[], Any]) -> Any:
        try:
            with native_stderr():  # "Created TensorFlow Lite XNNPACK delegate for CPU." for every model
                return call()
        except (RuntimeError, ValueError) as error:
            raise self._refusal(str(error)) from None

    def _refusal(self, reason: str) -> ModelRejected:
        is_delegate = "XNNPACK" in reason
        ops = self._refused_by_delegate() if is_delegate else blamed(self._model, reason)
        remedy = "Export it again, and check that it runs outside of quantci."
        if is_delegate and ops:
            remedy = "Check the ranges of these tensors: that of a dead or exploding activation fits no other."
        return ModelRejected(
            "lite-rt-refused",
            f"{self.name} cannot run this model{_at(self._model, ops)}: {_GLUED.sub('; ', ' '.join(reason.split()))}",
            where=self._model.where,
            remedy=remedy if is_delegate else replacement(ops, remedy),
        )

    def _refused_by_delegate(self) -> list[OpInfo]:
        """The op that XNNPACK refuses, which does not say so: the last of the shortest beginning that it refuses."""
        ops = self._model.summary.ops
        taken, refused = 0, len(ops)
        while refused - taken > 1:
            middle = (taken + refused) // 2
            if self._takes(middle):
                taken = middle
            else:
                refused = middle
        return ops[taken:refused]

    def _takes(self, count: int) -> bool:
        draft = self._model.draft()
        graph = draft.subgraphs[0]
        graph.operators = graph.operators[:count]
        graph.outputs = graph.operators[-1].outputs
        draft.signatureDefs = None  # they name outputs that are none any more
        try:
            with native_stderr():
                self._make(model_content=self._model.changed(draft).data).allocate_tensors()
        except (RuntimeError, ValueError):
            return False
        return True


class PreservedRunner(_LiteRtRunner):
    """See open_preserved(); `run` is a Runner's."""

    def tensor(self, index: int) -> NDArray[Any]:
        """A copy of what the tensor of this index in the model held after the last run.

        Raises:
            ModelRejected: `lite-rt-refused`: LiteRT holds no data for it.
        """
        try:
            return np.asarray(self._interpreter.get_tensor(index))
        except (RuntimeError, ValueError) as error:
            raise self._refusal(str(error)) from None


def _at(model: Model, ops: Sequence[OpInfo]) -> str:
    """Where it fails: the first op, its layer, and what it reads."""
    if not ops:
        return ""
    names = model.tensor_names
    read = [names[index] or f"tensor {index}" for index in ops[0].inputs if index >= 0]
    return f" at {name_ops(ops[:1])}" + (f", which reads {', '.join(read)}" if read else "")


def _specs(details: list[dict[str, Any]]) -> tuple[list[int], list[TensorSpec]]:
    return [int(entry["index"]) for entry in details], [
        TensorSpec(
            name=str(entry["name"]),
            shape=tuple(int(size) for size in entry["shape"]),
            dtype=np.dtype(entry["dtype"]).name,
            scale=float(entry["quantization"][0]),
            zero_point=int(entry["quantization"][1]),
        )
        for entry in details
    ]
