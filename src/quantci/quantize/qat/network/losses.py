"""What training makes smaller: the distance to the float model, or to labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from quantci.quantize.qat.graph import FloatGraph

Answer = Literal["class", "labels", "values"]
Loss = Callable[[Any, Any], Any]


def answer_of(graph: FloatGraph, task: str) -> Answer:
    """What the first output is: one class of many, labels that are each true or false, or values."""
    last = next((node.op for node in reversed(graph.nodes) if graph.outputs[0] in node.outputs), "")
    if last == "LOGISTIC":
        return "labels"
    return "class" if last == "SOFTMAX" or task == "classification" else "values"


def distance(answer: Answer, logits: Any, wanted: Any) -> Any:
    """Mean distance of a batch to the float model's logits (before softmax or sigmoid), or values."""
    if answer == "class":
        return (
            functional.kl_div(
                torch.log_softmax(logits, -1), torch.log_softmax(wanted, -1), log_target=True, reduction="none"
            )
            .sum(-1)
            .mean()
        )
    if answer == "labels":
        certain = functional.binary_cross_entropy_with_logits(wanted, torch.sigmoid(wanted))
        return functional.binary_cross_entropy_with_logits(logits, torch.sigmoid(wanted)) - certain
    return (logits - wanted).square().mean() / wanted.square().mean().clamp_min(1e-12)


def error(answer: Answer, logits: Any, y: Any) -> Any:
    """Mean distance of a batch to what is right.

    Raises:
        IndexError, RuntimeError, TypeError: y is not that of such an answer.
    """
    if answer == "class" and y.ndim == 1:
        logits = logits.reshape(len(y), -1)
        if not ((y == y.long()) & (y >= 0) & (y < logits.shape[1])).all():  # torch ignores -100, and cuts off 1.5
            msg = f"a class is a whole number from 0 to {logits.shape[1] - 1}"
            raise IndexError(msg)
        return functional.cross_entropy(logits, y.long())
    wanted = y.to(torch.float32).reshape(logits.shape)
    if answer == "class":
        return functional.cross_entropy(logits, wanted)
    if answer == "labels":
        return functional.binary_cross_entropy_with_logits(logits, wanted)
    return (logits - wanted).square().mean()
