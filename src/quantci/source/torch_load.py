"""Build a PyTorch model by the user's function. Runs in the jail."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from quantci.errors import ConfigError, ModelRejected, QuantciError, missing_torch
from quantci.workers.own_code import load_function, search_first

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from quantci.records.code_name import CodeName

_RETURNS: Final = (
    "Let it return an nn.Module, or (module, example): an example of the input, such as torch.zeros(1, 3, 64, 64)."
)
# A state dict within what trainers save beside it.
_WRAPPERS: Final = ("state_dict", "model_state_dict", "model")


class TorchModel(NamedTuple):
    """A module in evaluation, and an example of its input, batch 1."""

    module: Any
    example: Any


def import_torch() -> Any:
    """PyTorch, without its warnings.

    Raises:
        ToolError: `missing-extra`.
    """
    warnings.simplefilter("ignore")
    try:
        import torch
    except ImportError:
        raise missing_torch() from None
    return torch


def build(name: CodeName, base: Path, weights: Path | None, shape: list[int], where: str) -> TorchModel:
    """Call the user's function, and give its module the weights.

    Args:
        name: of the function.
        base: folder of quantci.toml, which is searched for its module first.
        weights: the copy of the state dict, or None.
        shape: of the input, for a function that returns no example; empty where the configuration says none.
        where: what names the function in quantci.toml.

    Raises:
        ConfigError: `factory`: it cannot be imported, fails, or returns something else.
        ModelRejected: `weights`: they are not those of this module, or no plain tensors; `multi-input`, `input-type`.
    """
    torch = import_torch()
    function = load_function(name, base, code="factory", where=where)
    try:
        with search_first(base):
            made = function()
    except QuantciError:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001  the user's own code
        raise _fault(
            f"{name} failed: {type(error).__name__}: {in_a_line(error)}", where, "Let it run by itself."
        ) from None
    module, *examples = made if isinstance(made, tuple) and made else (made,)
    if not isinstance(module, torch.nn.Module) or len(examples) > 1:
        kinds = ", ".join(type(part).__name__ for part in (module, *examples))
        raise _fault(f"{name} returned {kinds}.", where, _RETURNS)
    if weights is not None:
        _load_weights(torch, module, weights, where)
    if not examples and not shape:
        raise _fault(
            f"{name} returned a module without an example of its input.",
            where,
            f"{_RETURNS} Or set model.input_shape.",
        )
    example = only_tensor(torch, examples[0] if examples else torch.zeros(*shape), where)
    return ready(torch, module, example, where)


def ready(torch: Any, module: Any, example: Any, where: str) -> TorchModel:
    """The module as it predicts, which it does once for the example.

    Raises:
        ModelRejected: `forward`: it fails, or returns no tensors.
    """
    module = module.to("cpu").eval()
    for parameter in module.parameters():
        parameter.requires_grad_(requires_grad=False)
    example = example[:1]
    try:
        with torch.inference_mode():
            outputs = tensors(module(example))
    except Exception as error:  # noqa: BLE001  the user's own code
        raise ModelRejected(
            "forward",
            f"The module fails on an input of shape {list(example.shape)}: {type(error).__name__}: {in_a_line(error)}",
            where=where,
            remedy="Check the example of its input, which is NCHW for pictures, with a batch of 1.",
        ) from None
    if not outputs:
        raise ModelRejected(
            "forward",
            "The module returns no tensor.",
            where=where,
            remedy="Let forward() return a tensor, or a tuple of tensors.",
        )
    return TorchModel(module, example)


def tensors(value: Any) -> list[Any]:
    """The tensors in what forward() returned, in the order of an export."""
    return list(_tensors(value))


def _tensors(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from _tensors(part)
    elif hasattr(value, "detach"):
        yield value


def only_tensor(torch: Any, given: Any, where: str) -> Any:
    """The example of the input, which is one tensor.

    Raises:
        ModelRejected: `multi-input`, `input-type`.
    """
    found = list(given) if isinstance(given, (list, tuple)) else [given]
    if len(found) != 1:
        raise ModelRejected(
            "multi-input",
            f"The model has {len(found)} inputs; quantci needs a model with one input.",
            where=where,
            remedy="Wrap it in a module whose forward() takes one tensor.",
        )
    if not isinstance(found[0], torch.Tensor) or found[0].dtype != torch.float32 or found[0].dim() < 2:
        kind = f"{found[0].dtype} {list(found[0].shape)}" if isinstance(found[0], torch.Tensor) else type(found[0])
        raise ModelRejected(
            "input-type",
            f"The example of the input is {kind}; it must be a float32 tensor with the batch as its first axis.",
            where=where,
            remedy="Give one such as torch.zeros(1, 3, 64, 64).",
        )
    return found[0].detach().to("cpu")


def _load_weights(torch: Any, module: Any, path: Path, where: str) -> None:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # noqa: BLE001  whatever the loader raises, it is about the file
        raise _weights(f"they cannot be loaded with weights_only=True: {in_a_line(error)}", where) from None
    for name in _WRAPPERS:
        if isinstance(state, dict) and isinstance(state.get(name), dict):
            state = state[name]
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise _weights("the file holds something else than a state dict", where)
    try:
        module.load_state_dict(state)
    except Exception as error:  # noqa: BLE001  names that are not text, for example
        raise _weights(in_a_line(error), where) from None


def _weights(why: str, where: str) -> ModelRejected:
    return ModelRejected(
        "weights",
        f"The weights (model.weights) do not fit the module: {why}",
        where=where,
        remedy="Save them with torch.save(model.state_dict(), 'model.pt') from the module that this function builds.",
    )


def _fault(cause: str, where: str, remedy: str) -> ConfigError:
    return ConfigError("factory", cause, where=where, remedy=remedy)


def in_a_line(error: BaseException) -> str:
    """What it says, in one line."""
    return " ".join(str(error).split())[:300] or type(error).__name__
