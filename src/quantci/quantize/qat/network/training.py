"""The training itself: Adam, the learning rate along half a cosine, what the tuning split likes best is kept."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import torch

from quantci.errors import ConfigError
from quantci.quantize.qat.network import losses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from quantci.quantize.qat.batches import Batch, Split
    from quantci.quantize.qat.network.network import Network

    Ranges = Mapping[int, tuple[float, float]]

LOOKS: Final = 20  # at the tuning split, over all steps
PATIENCE: Final = 10  # of these without a better one end the training
_CHUNK: Final = 64  # samples of the tuning split at once
_LONGEST: Final = 1.0  # of a gradient


class Look(NamedTuple):
    """What the tuning split says.

    Attributes:
        loss: the mean.
        agreement: share of the samples whose class is that of the float model; None where there are no classes.
    """

    loss: float
    agreement: float | None


def settle(seed: int) -> None:
    """One thread, and algorithms that give the same bits: the same bytes on any number of cores."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True)
    random.seed(seed)
    np.random.seed(seed)  # the user's function may draw from it
    torch.manual_seed(seed)


def pace(step: int, steps: int) -> float:
    """Share of the learning rate: it rises over the first tenth, then falls along half a cosine."""
    rise = max(1, steps // 10)
    return min(1.0, (step + 1) / rise) * 0.5 * (1 + math.cos(math.pi * step / steps))


class Training:
    """One run from a seed, step by step.

    Attributes:
        step: how many were done.
        best: step of the best look; 0 is the start.
        looks: by step.
        batch_losses: of each step.
    """

    def __init__(self, network: Network, split: Split, objective: Objective, *, steps: int, rate: float) -> None:
        self.step, self.best, self.looks = 0, 0, {0: objective.look(network, split.tuning)}
        self.steps, self._rate = steps, rate
        self._network, self._split, self._objective = network, split, objective
        self._optimizer = torch.optim.Adam(network.parameters(), lr=rate)
        self.state = network.state()
        self.batch_losses: list[float] = []

    @property
    def is_done(self) -> bool:
        """All steps, or no better look for long."""
        every = self._every
        return self.step >= self.steps or self.step - self.best >= PATIENCE * every

    @property
    def _every(self) -> int:
        return max(1, self.steps // LOOKS)

    def advance(self) -> None:
        """One step; a look after some."""
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate * pace(self.step, self.steps)
        batch = next(self._split.batches)
        self._optimizer.zero_grad()
        loss = self._objective.of(self._network, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), _LONGEST)
        self._optimizer.step()
        self.step += 1
        self.batch_losses.append(float(loss.detach()))
        if self.step % self._every == 0 or self.step == self.steps:
            self.looks[self.step] = self._objective.look(self._network, self._split.tuning)
            if self.looks[self.step].loss < self.looks[self.best].loss:  # never where it is not a number
                self.best, self.state = self.step, self._network.state()


class Objective:
    """What is made smaller."""

    def __init__(self, answer: losses.Answer, own: Callable[[Any, Any], Any] | None) -> None:
        """Take the user's loss, or the one that suits the answer."""
        self._answer, self._own = answer, own

    def of(self, network: Network, batch: Batch) -> Any:
        """The mean loss of a batch: the distance to the float model, and the error by its labels where it has some."""
        x = torch.from_numpy(batch.x)
        if self._own is not None:
            y = network.outputs(x, integer=False)[0].detach() if batch.y is None else torch.from_numpy(batch.y)
            return self._own(network.outputs(x, integer=True)[0], y)
        found = network.learned(x)
        parts = [
            losses.distance(self._answer if place == 0 else "values", ours, wanted)
            for place, (ours, wanted) in enumerate(zip(found, network.original(x), strict=True))
        ]
        if batch.y is not None:
            parts.append(_error(self._answer, found[0], batch.y))
        return sum(parts[1:], parts[0])

    def look(self, network: Network, tuning: Batch) -> Look:
        """The loss of the tuning split, and how often the class is that of the float model."""
        total, same = 0.0, 0
        with torch.no_grad():
            for start in range(0, len(tuning.x), _CHUNK):
                part = tuning.of(slice(start, start + _CHUNK))
                total += float(self.of(network, part)) * len(part.x)
                if self._answer == "class":
                    x = torch.from_numpy(part.x)
                    ours, wanted = network.learned(x)[0], network.original(x)[0]
                    same += int((ours.argmax(-1) == wanted.argmax(-1)).sum())
        count = len(tuning.x)
        return Look(total / count, same / count if self._answer == "class" else None)


def _error(answer: losses.Answer, found: Any, y: NDArray[Any]) -> Any:
    """The error by the labels.

    Raises:
        ConfigError: `fine-tune`: they do not fit what the model answers.
    """
    try:
        return losses.error(answer, found, torch.from_numpy(y))
    except (IndexError, RuntimeError, TypeError) as error:
        why = str(error).rstrip(".")
        raise ConfigError(
            "fine-tune",
            f"y of shape {list(y.shape)} does not fit the model's output {list(found.shape)}: {why}.",
            where="qat.fine_tune",
            remedy="Let y be the index of a class [n], or what the output should be, in the output's shape.",
        ) from None


def best_start(network: Network, starts: Sequence[Ranges], objective: Objective, tuning: Batch) -> int:
    """Which ranges the tuning split likes best before any training."""
    found = []
    for ranges in starts:
        network.start_from(ranges)
        found.append(objective.look(network, tuning).loss)
    return int(np.nanargmin(found)) if np.isfinite(found).any() else 0
