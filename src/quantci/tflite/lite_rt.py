"""LiteRT: the interpreter for the float model, and one step of the waterfall for the quantized one."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from quantci.errors import ModelRejected
from quantci.tflite.native_stderr import native_stderr
from quantci.tflite.runner import TensorSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from quantci.tflite.runner import Runner


def lite_rt_name(kernels: Literal["default", "reference"] = "default") -> str:
    """What a record calls this interpreter."""
    import ai_edge_litert

    return f"LiteRT {ai_edge_litert.__version__} ({'XNNPACK' if kernels == 'default' else 'reference kernels'})"


def open_lite_rt(data: bytes, *, kernels: Literal["default", "reference"] = "default", threads: int = 1) -> Runner:
    """A runner of this model in LiteRT.

    Args:
        data: content of a .tflite that `parse` accepts.
        kernels: `default` is what an application gets (XNNPACK where it can), `reference` the plain C++ kernels.
        threads: threads of one inference.

    Raises:
        ModelRejected: `lite-rt-refused`, with LiteRT's own reason.
    """
    return _LiteRtRunner(data, kernels, threads)


class _LiteRtRunner:
    def __init__(self, data: bytes, kernels: Literal["default", "reference"], threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        resolver = OpResolverType.AUTO if kernels == "default" else OpResolverType.BUILTIN_REF
        self.name = lite_rt_name(kernels)
        make = partial(Interpreter, model_content=data, num_threads=threads, experimental_op_resolver_type=resolver)
        self._interpreter: Any = self._guard(make)
        self._guard(self._interpreter.allocate_tensors)
        self._input_indices, self.inputs = _specs(self._interpreter.get_input_details())
        self._output_indices, self.outputs = _specs(self._interpreter.get_output_details())
        self._invoke_ns = 0

    def run(self, tensors: list[NDArray[Any]]) -> list[NDArray[Any]]:
        """See Runner."""
        for index, spec, tensor in zip(self._input_indices, self.inputs, tensors, strict=True):
            self._interpreter.set_tensor(index, spec.fit(tensor))
        self._interpreter.reset_all_variables()  # each sample stands alone, whatever an LSTM saw before
        start = time.perf_counter_ns()
        try:
            self._interpreter.invoke()
        except (RuntimeError, ValueError) as error:
            raise self._refusal(str(error)) from None
        self._invoke_ns = time.perf_counter_ns() - start
        # get_tensor() copies.
        return [np.asarray(self._interpreter.get_tensor(index)) for index in self._output_indices]

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
        return ModelRejected(
            "lite-rt-refused",
            f"{self.name} cannot run this model: {' '.join(reason.split())}",
            remedy="Export it again, and check that it runs outside of quantci.",
        )


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
