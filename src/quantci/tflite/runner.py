"""The one interface of both interpreters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from quantci.tflite.fixed_point import dequantize, quantize

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class TensorSpec:
    """An input or output of a model.

    Attributes:
        name: its name in the model; empty when the model was stripped or the interpreter does not tell.
        shape: its dimensions.
        dtype: NumPy's name of its type, such as `int8`.
        scale: real value of one step; 0.0 when it is not quantized.
        zero_point: integer that stands for 0.0.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int

    def fit(self, tensor: NDArray[Any]) -> NDArray[Any]:
        """The tensor, contiguous.

        Raises:
            ValueError: of another type or shape; nothing is converted silently.
        """
        if tensor.dtype != self.dtype or tensor.shape != self.shape:
            msg = (
                f"{self.name or 'the input'} takes {self.dtype} {list(self.shape)}, "
                f"not {tensor.dtype} {list(tensor.shape)}"
            )
            raise ValueError(msg)
        return np.asarray(tensor, order="C")  # np.ascontiguousarray() makes [1] of a scalar

    def from_real(self, values: NDArray[np.float32]) -> NDArray[Any]:
        """Real values in the type of this input: its integers, or themselves where it takes floats."""
        return quantize(values, self.scale, self.zero_point, self.dtype) if self.scale else values

    def to_real(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """What this output gave as real values."""
        return dequantize(values, self.scale, self.zero_point) if self.scale else values.astype(np.float32)


class Runner(Protocol):
    """A model, ready to run in one interpreter.

    Attributes:
        name: the interpreter, its version and kernels, such as `LiteRT 2.3.0 (XNNPACK)`.
        inputs: what `run` takes.
        outputs: what `run` returns.
    """

    @property
    def name(self) -> str: ...

    inputs: list[TensorSpec]
    outputs: list[TensorSpec]

    def run(self, tensors: list[NDArray[Any]]) -> list[NDArray[Any]]:
        """One inference. All inputs are loaded each time, for TFLM reuses their memory; outputs are copies.

        Raises:
            ValueError: a tensor has another type or shape than its input.
            ModelRejected: the interpreter failed.
        """
        ...

    def invoke_us(self) -> float:
        """Microseconds that the last inference took, without loading and copying; 0.0 before the first."""
        ...
