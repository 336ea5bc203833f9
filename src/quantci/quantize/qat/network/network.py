"""The float flatbuffer as a network that learns: its constants and ranges are what is learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from quantci.quantize.qat.network import fake
from quantci.quantize.qat.network.operators import ACTIVATIONS, OPERATORS, weighted
from quantci.quantize.qat.scales import WEIGHTED, read_scales

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from quantci.quantize.qat.graph import FloatGraph, Node

    Ranges = Mapping[int, tuple[float, float]]


def knows(op: str) -> bool:
    """Whether this network can compute an op."""
    return op in OPERATORS or op in WEIGHTED


class Network:
    """Runs in float, or as the integer model would.

    What is learned moves in relative steps, so that one learning rate suits layers of any size: a weight by the root
    mean square of its channel, a bias by that of what its channel sums up, an end of a range by a factor.
    """

    def __init__(self, graph: FloatGraph, sample: NDArray[np.float32], *, per_tensor_dense: bool = False) -> None:
        """Take the constants over.

        Args:
            graph: the float model.
            sample: a batch, to see how large each channel's sums are.
            per_tensor_dense: the weights of a dense layer share one scale.
        """
        self.graph, self.scales = graph, read_scales(graph)
        self._per_tensor_dense = per_tensor_dense
        self._first: dict[int, Any] = {}
        self._units: dict[int, Any] = {}
        self._steps: dict[int, Any] = {}
        self._ends: dict[int, Any] = {}
        self._factors: dict[int, Any] = {}
        self._axes: dict[int, int | None] = {}
        self._biases: set[int] = set()
        used = {index for node in graph.nodes for index in node.inputs}
        for index, values in graph.constants.items():
            if values.dtype == np.float32 and index in used:
                self._first[index] = torch.from_numpy(values.astype(np.float32))
        for node in graph.nodes:
            self._place(node)
        self._measure(sample)
        for index, unit in self._units.items():
            self._steps[index] = torch.zeros_like(self._first[index]).requires_grad_()
            self._units[index] = unit.expand_as(self._first[index])

    def _place(self, node: Node) -> None:
        """What kind of constants the op has, and in which steps they move."""
        if node.op in WEIGHTED:
            axis, place, bias = WEIGHTED[node.op]
            self._axes[node.inputs[place]] = None if self._is_per_tensor(node) else axis
            if len(node.inputs) > bias and node.inputs[bias] >= 0:
                self._biases.add(node.inputs[bias])
        for index in node.inputs:
            if index in self._first and index not in self._biases:
                self._axes.setdefault(index, None)
                self._units[index] = _size(self._first[index], self._axes[index])

    def _is_per_tensor(self, node: Node) -> bool:
        return self._per_tensor_dense and node.op == "FULLY_CONNECTED"

    def _measure(self, sample: NDArray[np.float32]) -> None:
        """The size of each channel's sums is the step of its bias."""
        sums: dict[int, Any] = {}
        with torch.no_grad():
            self._run(torch.from_numpy(sample), None, sums)
        for index, found in sums.items():
            self._units[index] = _size(found, found.ndim - 1).reshape(-1)

    def start_from(self, ranges: Ranges) -> None:
        """Set the ranges of the activations, and all steps back to none."""
        for step in self._steps.values():
            step.data.zero_()
        self._ends = {
            owner: torch.tensor([min(ranges[owner][0], 0.0), max(ranges[owner][1], 0.0)])
            for owner in self.scales.learned()
            if owner in ranges
        }
        self._factors = {owner: torch.zeros(2, requires_grad=True) for owner in self._ends}

    def parameters(self) -> list[Any]:
        """What is learned."""
        return [*self._steps.values(), *self._factors.values()]

    def state(self) -> list[Any]:
        """A copy of what was learned so far."""
        return [parameter.detach().clone() for parameter in self.parameters()]

    def restore(self, state: Iterable[Any]) -> None:
        """Go back to such a copy."""
        for parameter, value in zip(self.parameters(), state, strict=True):
            parameter.data.copy_(value)

    def original(self, x: Any) -> list[Any]:
        """The outputs of the float model as it was; instead of a last softmax or sigmoid, what it is given."""
        with torch.no_grad():
            return self._logits(self._run(x, None))

    def outputs(self, x: Any, *, integer: bool) -> list[Any]:
        """The outputs, of the original in float or of what was learned in integers."""
        values = self._run(x, self._learned() if integer else None)
        return [values[index] for index in self.graph.outputs]

    def learned(self, x: Any) -> list[Any]:
        """What `original` gives, of what was learned, as the integer model computes it."""
        return self._logits(self._run(x, self._learned()))

    def constants(self) -> dict[int, NDArray[np.float32]]:
        """What was learned, by tensor."""
        with torch.no_grad():
            return {index: value.numpy().copy() for index, value in self._learned().items()}

    def ranges(self) -> dict[int, tuple[float, float]]:
        """What was learned, by tensor; those that share a range have the same."""
        with torch.no_grad():
            found = {owner: self._range(owner, self._learned()) for owner in dict.fromkeys(self.scales.owner.values())}
            return {
                index: (float(found[owner][0]), float(found[owner][1]))
                for index, owner in self.scales.owner.items()
                if found[owner] is not None
            }

    def _learned(self) -> dict[int, Any]:
        return {index: first + self._units[index] * self._steps[index] for index, first in self._first.items()}

    def _logits(self, values: Mapping[int, Any]) -> list[Any]:
        last = {node.outputs[0]: node.inputs[0] for node in self.graph.nodes if node.op in {"SOFTMAX", "LOGISTIC"}}
        return [values[last.get(index, index)] for index in self.graph.outputs]

    def _range(self, owner: int, constants: Mapping[int, Any]) -> Any:
        """Lower and upper end; None for what no range is known of: it stays as it is."""
        if owner in self.scales.fixed:
            return torch.tensor(self.scales.fixed[owner])
        if owner in constants:
            return torch.stack([constants[owner].amin().clamp_max(0), constants[owner].amax().clamp_min(0)])
        if owner in self.scales.joined:
            parts = [self._range(part, constants) for part in self.scales.joined[owner]]
            if any(part is None for part in parts):
                return None
            return torch.stack([torch.stack([p[0] for p in parts]).amin(), torch.stack([p[1] for p in parts]).amax()])
        return self._ends[owner] * torch.exp(self._factors[owner]) if owner in self._ends else None

    def _run(self, x: Any, learned: Mapping[int, Any] | None, sums: dict[int, Any] | None = None) -> dict[int, Any]:
        """All activations.

        Args:
            x: a batch.
            learned: the constants, to run as the integer model would; None runs the original in float.
            sums: filled with what each bias is added to.
        """
        graph = self.graph
        values: dict[int, Any] = {}
        ranges: dict[int, Any] = {}

        def keep(index: int, value: Any) -> None:
            if learned is not None and index in self.scales.owner:
                owner = self.scales.owner[index]
                if owner not in ranges:
                    ranges[owner] = self._range(owner, learned)
                if ranges[owner] is not None:
                    value = fake.activation(value, *ranges[owner])
            values[index] = value

        keep(graph.inputs[0], x)
        for node in graph.nodes:
            if node.op in WEIGHTED:
                made = self._weighted(node, values, learned, ranges, sums)
            else:
                made = OPERATORS[node.op](graph, node, [self._given(i, values, learned) for i in node.inputs if i >= 0])
            if node.activation != "NONE":
                made = ACTIVATIONS[node.activation](made)
            for index, value in zip(node.outputs, made if isinstance(made, list) else [made], strict=True):
                keep(index, value)
        return values

    def _given(self, index: int, values: Mapping[int, Any], learned: Mapping[int, Any] | None) -> Any:
        """An input: an activation, a constant of the layer, or an array of integers."""
        if index in values:
            return values[index]
        if index not in self._first:
            return self.graph.constants[index]
        return self._first[index] if learned is None else fake.weights(learned[index], self._axes.get(index))[0]

    def _weighted(
        self,
        node: Node,
        values: Mapping[int, Any],
        learned: Mapping[int, Any] | None,
        ranges: Mapping[int, Any],
        sums: dict[int, Any] | None,
    ) -> Any:
        axis, place, bias_place = WEIGHTED[node.op]
        inputs = [values.get(index) for index in node.inputs]
        kernel, scale = self._first.get(node.inputs[place], inputs[place]), None
        if learned is not None and node.inputs[place] in learned:
            kernel, scale = fake.weights(learned[node.inputs[place]], None if self._is_per_tensor(node) else axis)
        made = weighted(self.graph, node, inputs, kernel)
        bias_index = node.inputs[bias_place] if len(node.inputs) > bias_place else -1
        if bias_index < 0:
            return made
        if sums is not None:
            sums[bias_index] = made
        if learned is None:
            return made + self._first[bias_index]
        given = ranges.get(self.scales.owner.get(node.inputs[2 if node.op == "TRANSPOSE_CONV" else 0], -1))
        if given is None or scale is None:
            return made + learned[bias_index]
        step = (given[1] - given[0]).detach() / 255 * scale.reshape(-1)
        return made + fake.bias(learned[bias_index], step)


def _size(values: Any, axis: int | None) -> Any:
    """Root mean square of each channel, broadcastable to the values; of all of them where they have no channels."""
    others = [place for place in range(values.ndim) if place != axis]
    return values.square().mean(dim=others, keepdim=True).sqrt() if others else values.abs()
