"""Why a model is not to be trusted as the reference: what its answers to the whole evaluation set show.

It is the float model; where there is none, the quantized one.

Each function gives at most one doubt, that which explains most, and none that the set is too small for.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Final

import numpy as np

from quantci.data.culprits import counted, printable
from quantci.records.doubt import Doubt
from quantci.statistics.assignment import best_assignment
from quantci.statistics.chance import auc_interval, informedness_low, is_most, r2_low
from quantci.statistics.proportion import wilson_low

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quantci.tasks.task import Precision

_INFORMED: Final = 0.1  # as far from chance to perfection is more than guessing, whatever the largest class
_SWAPPED_AUC: Final = 0.25  # a score with an area below that tells the kinds apart, the wrong way round
_SAME: Final = 1e-6  # of the spread that the answers ought to have
_FEWEST_ORDERS: Final = 40  # ways to order the groups: with fewer, chance alone gives a perfect one above 2.5 %
_AS_TRAINED: Final = "that [input] does what the training did"


def doubt_classes(confusion: NDArray[np.int64], names: Sequence[str], model: Precision = "FP32") -> list[Doubt]:
    """Of a classification: permuted labels, one answer, guessing, or classes that are never found.

    Args:
        confusion: counts [k, k]: rows are true classes, columns answers.
        names: of the classes.
    """
    support, answered = confusion.sum(axis=1), confusion.sum(axis=0)
    samples, right, known = int(support.sum()), int(confusion.trace()), support > 0
    if known.sum() < 2:
        return []
    if answered.max() == samples:
        return _one_answer(_quoted(names[int(answered.argmax())]), samples, model)
    if permuted := _permuted(confusion, names, model):
        return permuted
    share, accuracy = int(support.max()) / samples, right / samples
    is_informed = informedness_low(confusion.diagonal()[known], support[known]) > _INFORMED
    if _is_chance(accuracy, share, samples) and not is_informed:
        return _guessing(
            f"{model} accuracy is {_percent(accuracy)} on {samples:,} samples, and always answering "
            f"{_quoted(names[int(support.argmax())])} gives {_percent(share)}",
            model,
        )
    return _never_found(confusion.diagonal(), support, names, model)


def doubt_labels(
    answers: NDArray[np.bool_], truth: NDArray[np.bool_], names: Sequence[str], model: Precision = "FP32"
) -> list[Doubt]:
    """Of several labels [n, k]: one answer, guessing, or labels that are never found."""
    samples = len(truth)
    if (truth == truth[0]).all():
        return []
    if (answers == answers[0]).all():
        given = [name for name, is_given in zip(names, answers[0], strict=True) if is_given]
        return _one_answer(_quoted("; ".join(given)) if given else "no label", samples, model)
    exact = float((answers == truth).all(axis=1).mean())
    share = int(np.unique(truth, axis=0, return_counts=True)[1].max()) / samples
    support, hits = truth.sum(axis=0), (answers & truth).sum(axis=0)
    is_informed = any(
        informedness_low(np.array([one, right]), np.array([own, samples - own])) > _INFORMED
        for one, right, own in zip(hits, (~answers & ~truth).sum(axis=0), support, strict=True)
        if 0 < own < samples
    )
    if _is_chance(exact, share, samples) and not is_informed:
        return _guessing(
            f"All labels of a sample are right for {_percent(exact)} of {samples:,} samples in {model}, and always "
            f"giving the most frequent ones is for {_percent(share)}",
            model,
        )
    return _never_found(hits, support, names, model)


def doubt_values(
    answers: NDArray[np.float64], truth: NDArray[np.float64], names: Sequence[str], model: Precision = "FP32"
) -> list[Doubt]:
    """Of a regression [n, d]: an output that is always the same, or one that is no better than a mean."""
    samples = len(truth)
    if not is_most(samples, samples):
        return []
    is_constant = np.ptp(answers, axis=0) <= _SAME * truth.std(axis=0)
    if is_constant.any():
        which = counted([name for name, one in zip(names, is_constant, strict=True) if one])
        return [
            Doubt(
                code="constant-answer",
                text=f"{_called(model)} gives one answer to all {samples:,} samples for these outputs {which}: check "
                f"that it is trained, and {_AS_TRAINED}.",
                forbids_pass=True,
            )
        ]
    low = r2_low(truth, answers)
    if low > 0:
        return []
    return _guessing(
        f"{model} R² is not above 0 for sure (95 % interval from {low:.2f}) on {samples:,} samples, and always "
        "answering their mean gives 0",
        model,
    )


def doubt_scores(
    scores: NDArray[np.float64], kinds: NDArray[np.int64], labels: Sequence[str], model: Precision = "FP32"
) -> list[Doubt]:
    """Of an anomaly score [g], kinds [g] in {0, 1}: one score, guessing, or the two kinds swapped."""
    groups, anomalous = len(kinds), int(kinds.sum())
    if groups < _FEWEST_ORDERS and math.comb(groups, anomalous) < _FEWEST_ORDERS:
        return []
    if np.ptp(scores) <= _SAME * float(np.abs(scores).max()):
        return _one_answer(f"a score of {scores.max():.3g}", groups, model, "groups")
    low, high = auc_interval(scores, kinds)
    if low > 0.5:
        return []
    if high < _SWAPPED_AUC:
        text = (
            f"{_called(model)}'s score is higher for normal groups than for anomalous ones (ROC AUC at most "
            f"{high:.2f}): the two kinds are swapped, so write {_order(list(labels)[::-1])} under [task]."
        )
        return [Doubt(code="permuted-labels", text=text, forbids_pass=True)]
    return _guessing(
        f"{model} ROC AUC is between {low:.2f} and {high:.2f} on {groups:,} groups, and guessing gives 0.50", model
    )


def _is_chance(right: float, share: float, samples: int) -> bool:
    """Whether one answer, right for this share, may be as good; a perfect model would show that it is not."""
    return wilson_low(right, samples) <= share < wilson_low(1.0, samples)


def _permuted(confusion: NDArray[np.int64], names: Sequence[str], model: Precision) -> list[Doubt]:
    """Whether most samples of the classes that another order moves are right in it."""
    support = confusion.sum(axis=1)
    elsewhere = confusion - np.diag(confusion.diagonal())
    if not (2 * elsewhere.max(axis=1) > support).any():
        return []  # no class is mostly called by one other name, so no order makes most of any right
    answer_of = best_assignment(confusion)
    rows = np.arange(len(names))
    moved = answer_of != rows
    hits, samples = int(confusion[rows, answer_of][moved].sum()), int(support[moved].sum())
    if not is_most(hits, samples, tries=len(names)):
        return []
    order = [names[row] for row in answer_of.argsort()]
    before, after = (confusion[rows, columns].sum() / support.sum() for columns in (rows, answer_of))
    text = (
        f"{model} accuracy is {_percent(before)}, but {_percent(after)} if the model's outputs have another order: if "
        f"that is the order of the training, write {_order(order)} under [task]."
    )
    return [Doubt(code="permuted-labels", text=text, forbids_pass=True)]


def _one_answer(answer: str, samples: int, model: Precision, what: str = "samples") -> list[Doubt]:
    if not is_most(samples, samples):
        return []
    text = (
        f"{_called(model)} gives one answer to all {samples:,} {what}, {answer}: check that it is trained, "
        f"and {_AS_TRAINED}."
    )
    return [Doubt(code="constant-answer", text=text, forbids_pass=True)]


def _guessing(found: str, model: Precision) -> list[Doubt]:
    who = _called(model).replace("The", "the")
    text = f"{found}: {who} is no better than guessing, so check {_AS_TRAINED}, and that the labels have its order."
    return [Doubt(code="guessing", text=text, forbids_pass=True)]


def _never_found(
    hits: NDArray[np.int64], support: NDArray[np.int64], names: Sequence[str], model: Precision
) -> list[Doubt]:
    """Classes with enough samples to say that most of them would never be found."""
    dead = [
        f"{name}, {own:,} samples"
        for name, right, own in zip(names, hits.tolist(), support.tolist(), strict=True)
        if right == 0 and is_most(own, own, tries=len(names))
    ]
    if not dead:
        return []
    text = (
        f"Classes of which {model} finds no sample {counted(dead)}: check that the labels have the model's order, and "
        f"{_AS_TRAINED}."
    )
    return [Doubt(code="dead-class", text=text, forbids_pass=True)]


def _called(model: Precision) -> str:
    return f"The {'float' if model == 'FP32' else model} model"


def _quoted(name: str) -> str:
    return f'"{printable(name)}"'


def _order(names: Sequence[str]) -> str:
    """The line of quantci.toml; a JSON string is one of TOML."""
    return f"`labels = {json.dumps(list(names), ensure_ascii=not all(name.isprintable() for name in names))}`"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
