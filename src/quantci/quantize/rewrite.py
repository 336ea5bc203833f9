"""Rewrite a float model so that a RELU6 on its own does not meet TFLM's faulty kernel (docs/kernels.md).

Fused into the layer before it, it is the same function in one op less. Where that is not possible, its input and its
output get the same range, and with it the same scale: then TFLM has nothing to rescale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from quantci.records.kernels import Rewrite
from quantci.records.stage import Advice
from quantci.tflite.enums import enum_names, op_name

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from quantci.records.quantize import TensorRange
    from quantci.tflite.model import Model

HOSTS: Final = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD"})
_SHOWN: Final = 3


def fuse(float_model: Model) -> tuple[Model, list[Rewrite]]:
    """Fuse each RELU6 of the main subgraph into the op before it, where it is that op's only reader.

    The tensors between them are dropped, and those behind move up.

    Returns:
        The model, the same one where nothing was fused, and what was fused.

    Raises:
        ModelRejected: see `parse`.
    """
    model = float_model.draft()
    graph = model.subgraphs[0]
    writers = {int(index): op for op in graph.operators for index in op.outputs}
    readers: dict[int, int] = {}
    for index in (*(index for op in graph.operators for index in op.inputs), *graph.outputs):
        readers[int(index)] = readers.get(int(index), 0) + 1
    rewrites, kept, dropped = [], [], set()
    for op in graph.operators:
        host = writers.get(int(op.inputs[0])) if _name(model, op) == "RELU6" else None
        if host is None or readers[int(op.inputs[0])] != 1 or not _takes_activation(model, host):
            kept.append(op)
            continue
        before, after = graph.tensors[int(op.inputs[0])], graph.tensors[int(op.outputs[0])]
        host.builtinOptions.fusedActivationFunction = _activation("RELU6")
        host.outputs = op.outputs
        writers[int(op.outputs[0])] = host
        dropped.add(int(op.inputs[0]))
        rewrites.append(Rewrite(op="RELU6", layer=_text(after), how="fused", into=_text(before)))
    if not rewrites:
        return float_model, []
    graph.operators = kept
    _drop(model, dropped)
    _drop_unused_codes(model)
    return float_model.changed(model), rewrites


def equalize(float_model: Model, ranges: Sequence[TensorRange]) -> tuple[list[TensorRange], list[Rewrite]]:
    """Give input and output of each RELU6 that is left the range of its input, which holds the output's.

    What else shares such a tensor follows: a chain of RELU6 gets one range.

    Args:
        float_model: the float model.
        ranges: of its activations.
    """
    model = float_model.tree
    graph = model.subgraphs[0]
    by_tensor = {entry.tensor: entry for entry in ranges}
    rewrites = []
    for op in graph.operators:
        x, y = int(op.inputs[0]) if len(op.inputs) else -1, int(op.outputs[0]) if len(op.outputs) else -1
        if _name(model, op) != "RELU6" or x not in by_tensor or y not in by_tensor:
            continue
        source, target = by_tensor[x], by_tensor[y]
        if (source.min, source.max) != (target.min, target.max):
            by_tensor[y] = msgspec.structs.replace(target, min=source.min, max=source.max)
            rewrites.append(Rewrite(op="RELU6", layer=_text(graph.tensors[y]), how="same-range", into=""))
    return [by_tensor[entry.tensor] for entry in ranges], rewrites


def _drop(model: Any, tensors: Collection[int]) -> None:
    """Take tensors out of the main subgraph and renumber what refers to the others."""
    graph = model.subgraphs[0]
    left = [index for index in range(len(graph.tensors)) if index not in tensors]
    place = {old: new for new, old in enumerate(left)} | {-1: -1}
    graph.tensors = [graph.tensors[index] for index in left]
    graph.inputs = [place[int(index)] for index in graph.inputs]
    graph.outputs = [place[int(index)] for index in graph.outputs]
    for op in graph.operators:
        op.inputs = [place[int(index)] for index in op.inputs]
        op.outputs = [place[int(index)] for index in op.outputs]
        if op.intermediates is not None:
            op.intermediates = [place[int(index)] for index in op.intermediates]
    for signature in model.signatureDefs or []:
        if signature.subgraphIndex == 0:
            for port in (*(signature.inputs or []), *(signature.outputs or [])):
                port.tensorIndex = place[port.tensorIndex]


def _drop_unused_codes(model: Any) -> None:
    """Take out the codes of ops that no subgraph has any more: the calibrator refuses a model that has them."""
    used = sorted({op.opcodeIndex for graph in model.subgraphs for op in graph.operators})
    place = {old: new for new, old in enumerate(used)}
    model.operatorCodes = [model.operatorCodes[index] for index in used]
    for graph in model.subgraphs:
        for op in graph.operators:
            op.opcodeIndex = place[op.opcodeIndex]


def advise(rewrites: Sequence[Rewrite]) -> list[Advice]:
    """One line that says what was rewritten; none where nothing was."""
    if not rewrites:
        return []
    parts = [
        text
        for how, text in (("fused", "fused into the layer before"), ("same-range", "given one range on both sides"))
        if (
            layers := [
                rewrite.layer.replace("`", "'")[:80] or "(no name)" for rewrite in rewrites if rewrite.how == how
            ]
        )
        for text in [f"RELU6 {', '.join(f'`{layer}`' for layer in layers[:_SHOWN])}{_more(layers)} was {text}"]
    ]
    text = f"{'; '.join(parts)}, because TFLM's own RELU6 never rescales; quantization.rewrite switches that off."
    return [Advice(code="rewritten", text=text)]


def _more(layers: list[str]) -> str:
    return f" and {len(layers) - _SHOWN} more" if len(layers) > _SHOWN else ""


def _name(model: Any, op: Any) -> str:
    return op_name(model.operatorCodes[op.opcodeIndex])


def _takes_activation(model: Any, op: Any) -> bool:
    """Whether the op can clamp its own output, and does not clamp it from above yet."""
    if _name(model, op) not in HOSTS or len(op.outputs) != 1 or op.builtinOptions is None:
        return False
    return op.builtinOptions.fusedActivationFunction in {_activation("NONE"), _activation("RELU")}


def _activation(name: str) -> int:
    return next(number for number, found in enum_names("ActivationFunctionType").items() if found == name)


def _text(tensor: Any) -> str:
    return (tensor.name or b"").decode(errors="replace")
