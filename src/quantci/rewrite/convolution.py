"""Ops that multiply with weights, and what a scale or an offset beside them makes of weights and bias."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantci.rewrite.fuse_activation import activation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quantci.rewrite.draft import Draft

HOSTS: Final = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"})
SAME: Final = 0  # in the schema's Padding


class Weighted:
    """One such op, with float weights and bias.

    Attributes:
        op: the op.
        weights: as they are stored.
        bias: zeros where it has none.
    """

    def __init__(self, draft: Draft, op: Any) -> None:
        """Look at the op; see `weighted`."""
        self._draft, self.op = draft, op
        weights = draft.floats(int(op.inputs[1]))
        assert weights is not None
        self.kind, self.weights = draft.kind(op), weights
        place = int(op.inputs[2]) if len(op.inputs) > 2 else -1
        bias = draft.floats(place)
        self._bias_name = draft.name(place) if place >= 0 else f"{draft.name(int(op.inputs[1]))}/bias"
        self.bias = np.zeros(self.channels, np.float32) if bias is None else bias

    @property
    def channels(self) -> int:
        """How many it gives."""
        return int(self.weights.shape[-1 if self.kind == "DEPTHWISE_CONV_2D" else 0])

    @property
    def taken(self) -> int:
        """How many channels, or features, it takes."""
        return self._draft.shape(int(self.op.inputs[0]))[-1]

    def by_output(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """One value a channel that it gives, to multiply the weights with."""
        if self.kind == "DEPTHWISE_CONV_2D":
            return values
        return values.reshape((-1, *(1,) * (self.weights.ndim - 1)))

    def by_input(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """One value a channel that it takes, to multiply the weights with."""
        if self.kind == "DEPTHWISE_CONV_2D":
            return np.repeat(values, self.channels // len(values))
        return values

    def summed(self, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """The sum of weights for each channel that it gives."""
        axes = tuple(range(weights.ndim - 1)) if self.kind == "DEPTHWISE_CONV_2D" else tuple(range(1, weights.ndim))
        return np.asarray(weights.astype(np.float64).sum(axis=axes), np.float32)

    def give(self, weights: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
        """Give the op others."""
        inputs = [int(self.op.inputs[0]), int(self.op.inputs[1]), -1]
        if weights is not self.weights:
            inputs[1] = self._draft.constant(self._draft.name(inputs[1]), weights.astype(np.float32))
        if bias is self.bias and len(self.op.inputs) > 2:
            inputs[2] = int(self.op.inputs[2])
        elif bias.any():
            inputs[2] = self._draft.constant(self._bias_name, bias.astype(np.float32))
        self._draft.feed(self.op, inputs)

    def pads(self) -> bool:
        """Whether it computes with zeros beside its input."""
        if self.kind == "FULLY_CONNECTED" or self.op.builtinOptions.padding != SAME:
            return False
        taken, given = self._draft.shape(int(self.op.inputs[0])), self._draft.shape(int(self.op.outputs[0]))
        return any(before + after for before, after in self.same_padding(taken[1:3], given[1:3]))

    def same_padding(self, taken: tuple[int, ...], given: tuple[int, ...]) -> list[tuple[int, int]]:
        """What SAME pads before and behind each of height and width, which is more behind if it cannot be halved."""
        options = self.op.builtinOptions
        steps = ((options.strideH, options.dilationHFactor), (options.strideW, options.dilationWFactor))
        found = []
        for size, out, (stride, dilation), window in zip(taken, given, steps, self.weights.shape[1:3], strict=True):
            total = max((out - 1) * stride + (window - 1) * dilation + 1 - size, 0)
            found.append((total // 2, total - total // 2))
        return found


def weighted(draft: Draft, op: Any | None) -> Weighted | None:
    """The op as one with float weights and bias; None where it is something else."""
    if op is None or draft.kind(op) not in HOSTS or op.builtinOptions is None:
        return None
    if draft.floats(int(op.inputs[1])) is None or not draft.is_float(int(op.inputs[0])):
        return None
    has_bias = len(op.inputs) > 2 and op.inputs[2] >= 0
    return None if has_bias and draft.floats(int(op.inputs[2])) is None else Weighted(draft, op)


def constant_operand(draft: Draft, op: Any) -> tuple[int, NDArray[np.float32]] | None:
    """Place and values, one a channel or one in all, of the constant that an op of two operands takes.

    Returns:
        None where both are computed, where it clamps, or where the constant is no number a channel.
    """
    for place in (1, 0):
        values = draft.floats(int(op.inputs[place]))
        if values is None or draft.values(int(op.inputs[1 - place])) is not None:
            continue
        shape = draft.shape(int(op.inputs[1 - place]))
        is_by_channel = values.size == 1 or values.size == values.shape[-1] == shape[-1]
        if is_by_channel and values.ndim <= len(shape) and shape == draft.shape(int(op.outputs[0])):
            return place, values.ravel()
    return None


def affine(draft: Draft, op: Any) -> tuple[int, NDArray[np.float32], NDArray[np.float32]] | None:
    """What the op computes as x * scale + offset: the tensor x, and both, one a channel or one in all."""
    kind = draft.kind(op)
    if kind not in {"MUL", "ADD", "SUB", "DIV"}:
        return None
    found = constant_operand(draft, op)
    if found is None or (kind == "DIV" and (found[0] == 0 or not found[1].all())):
        return None
    place, values = found
    one, zero = np.ones(1, np.float32), np.zeros(1, np.float32)
    scale, offset = {
        "MUL": (values, zero),
        "DIV": (one / values, zero) if kind == "DIV" else (one, zero),
        "ADD": (one, values),
        "SUB": (one, -values) if place == 1 else (-one, values),
    }[kind]
    return int(op.inputs[1 - place]), scale, offset


def is_plain(op: Any) -> bool:
    """Whether it does not clamp what it gives."""
    return activation(op) == "NONE"
