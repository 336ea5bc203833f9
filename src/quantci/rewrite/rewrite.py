"""Apply the rewrites to a float model, one after the other, until none of them changes anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from quantci.records.rewrite import Rewrite
from quantci.records.stage import Advice
from quantci.rewrite.draft import Draft
from quantci.rewrite.estimate import cost_of
from quantci.rewrite.proof import difference, outputs_of, outputs_or_none
from quantci.rewrite.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from quantci.rewrite.estimate import Cost
    from quantci.rewrite.proof import Outputs
    from quantci.rewrite.rule import Rule
    from quantci.tflite.model import Model

_MOST_ROUNDS: Final = 50


class Result(NamedTuple):
    """What came of it.

    Attributes:
        model: the same object if there was nothing to do.
        origins: for each tensor of the main subgraph, the index that it had at first; -1 for a new one.
        rewrites: each kind once, in the order in which they first applied.
        advice: on those that were given up.
    """

    model: Model
    origins: list[int]
    rewrites: list[Rewrite]
    advice: list[Advice]


def unchanged(model: Model) -> Result:
    """What there is to say where nothing is rewritten."""
    return Result(model, list(range(len(model.tensor_names))), [], [])


def rewrite(
    model: Model,
    samples: Callable[[], Sequence[NDArray[np.float32]]],
    chip: str,
    rules: Sequence[Rule] = RULES,
) -> Result:
    """Rewrite a float model; every change is proved on the samples, and given up where outputs differ.

    Args:
        model: of one subgraph and one input.
        samples: gives what to prove it on, [1, ...] each; asked only if there is something to prove.
        chip: name of the chip that savings are estimated for.
        rules: the rewrites, in their order.

    Raises:
        ModelRejected: LiteRT refuses the model as it was given.
    """
    state = _State(model, samples, chip)
    left = list(rules)
    for _ in range(_MOST_ROUNDS):
        changed = [rule for rule in rules if rule in left and state.apply(rule, left)]
        if not changed:
            break
    return state.result()


class _State:
    def __init__(self, model: Model, samples: Callable[[], Sequence[NDArray[np.float32]]], chip: str) -> None:
        self._model, self._draft = model, Draft(model)
        self._origins = list(range(len(model.tensor_names)))
        self._ask, self._chip = samples, chip
        self._samples: Sequence[NDArray[np.float32]] | None = None
        self._outputs: Outputs = []
        self._cost: Cost | None = None
        self._rewrites: dict[str, Rewrite] = {}
        self._advice: list[Advice] = []

    def apply(self, rule: Rule, left: list[Rule]) -> bool:
        """Apply a rule once, and take it off those that are left if that fails."""
        try:
            layers = rule.apply(self._draft)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):  # a stranger's op without what it needs
            self._give_up(rule, left)
            return False
        if not layers:
            return False
        if self._samples is None:
            self._samples = self._ask()
            self._outputs = outputs_of(self._model, self._samples)
            self._cost = cost_of(self._model, self._chip)
        made, origins = self._draft.finish()
        outputs = outputs_or_none(made, self._samples) if self._samples else None
        gap = float("inf") if outputs is None else difference(self._outputs, outputs)
        cost = None if outputs is None or gap > rule.tolerance else cost_of(made, self._chip)
        if outputs is None or cost is None:
            if self._samples:
                self._advice.append(_given_up(rule, layers))
        elif rule.may_grow or not _grew(self._cost, cost):
            self._keep(rule, layers, gap, cost)
            self._model, self._outputs, self._cost = made, outputs, cost
            self._origins = [self._origins[index] if index >= 0 else -1 for index in origins]
            self._draft = Draft(made)
            return True
        self._give_up(rule, left)
        return False

    def _give_up(self, rule: Rule, left: list[Rule]) -> None:
        left.remove(rule)
        self._draft = Draft(self._model)

    def _keep(self, rule: Rule, layers: list[str], gap: float, cost: Cost) -> None:
        assert self._cost is not None
        earlier = self._rewrites.get(rule.name, Rewrite(name=rule.name, layers=[], difference=0.0))
        self._rewrites[rule.name] = Rewrite(
            name=rule.name,
            layers=[*earlier.layers, *layers],
            ops_saved=earlier.ops_saved + self._cost.ops - cost.ops,
            arena_saved_bytes=_saved(earlier.arena_saved_bytes, self._cost.arena_bytes, cost.arena_bytes),
            latency_saved_us=_saved(earlier.latency_saved_us, self._cost.latency_us, cost.latency_us),
            reason=cost.reason or self._cost.reason or earlier.reason,
            difference=max(earlier.difference or 0.0, gap),
        )

    def result(self) -> Result:
        """Where it ended."""
        return Result(self._model, self._origins, list(self._rewrites.values()), self._advice)


_Number = TypeVar("_Number", int, float)


def _saved(earlier: _Number | None, before: _Number | None, after: _Number | None) -> _Number | None:
    return None if earlier is None or before is None or after is None else earlier + before - after


def _grew(before: Cost | None, after: Cost) -> bool:
    assert before is not None
    arenas = before.arena_bytes, after.arena_bytes
    return after.ops > before.ops or (None not in arenas and arenas[1] > arenas[0])  # type: ignore[operator]


def _given_up(rule: Rule, layers: list[str]) -> Advice:
    named = layers[0].replace("`", "'")[:80] or "(no name)"
    text = (
        f"The rewrite {rule.name} (first at `{named}`) was given up: the float outputs differ by more than its "
        f"tolerance of {rule.tolerance:g} after it. Report this as a bug with the model."
    )
    return Advice(code="rewrite-given-up", text=text)
