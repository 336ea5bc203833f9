"""Recipes tried side by side, one in each worker; what an earlier run tried is found instead."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from quantci.errors import QuantciError
from quantci.quantize.int8 import make_int8
from quantci.quantize.ladder.attempt import Attempt, judge, refused, try_recipe
from quantci.quantize.recipe import recipe_named
from quantci.quantize.recipe_name import QAT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.progress import Progress
    from quantci.quantize.ladder.attempt import Trial
    from quantci.quantize.ladder.keep import Kept
    from quantci.records.ladder import LadderTry
    from quantci.workers.call import Call
    from quantci.workers.jail import Jail
    from quantci.workers.pool import Pool


class SideBySide:
    """Tries recipes until the time is over.

    Attributes:
        attempts: what came of each, by its name.
    """

    def __init__(self, trial: Trial, *, workers: Pool, tensorflow: Jail, kept: Kept, progress: Progress) -> None:
        """Try nothing yet.

        Args:
            trial: what each starts from.
            workers: that have taken the trial.
            tensorflow: where engines and training run that are no worker's.
            kept: of earlier runs.
            progress: told which recipes are tried.
        """
        self.attempts: dict[str, Attempt] = {}
        self._trial, self._workers, self._tensorflow = trial, workers, tensorflow
        self._kept, self._progress = kept, progress
        self._deadline_s = time.monotonic() + trial.config.ladder.budget_s

    def try_all(self, names: Sequence[str]) -> list[LadderTry | None]:
        """In their order; None for each that the time did not reach."""
        running: deque[tuple[str, Call[Attempt], float]] = deque()
        for name in names:
            if not self._runs_code(name) and (found := self._kept.find(name)) is not None:
                self.attempts[name] = found
                continue
            if len(running) > self._workers.size:
                self._end(*running.popleft())
            if time.monotonic() >= self._deadline_s:
                continue
            self._progress(f"trying {name}")
            start_s = time.monotonic()
            if self._is_alone(name):
                self._finish(name, self._alone(name, start_s))
            else:
                running.append((name, self._workers.submit(try_recipe, name), start_s))
        while running:
            self._end(*running.popleft())
        return [self.attempts[name].tried if name in self.attempts else None for name in names]

    def _is_alone(self, name: str) -> bool:
        """Whether a recipe cannot run in a worker: it starts a process of its own."""
        return self._trial.config.quantization.engine == "tensorflow" or QAT in name.split("+")

    def _runs_code(self, name: str) -> bool:
        """Whether what comes of a recipe depends on code of the user's, which may have changed."""
        return QAT in name.split("+") and self._trial.prepared.qat.has_code

    def _alone(self, name: str, start_s: float) -> Attempt:
        try:
            recipe = recipe_named(name, self._trial.config.quantization, needs_tensorflow=False)
            made = make_int8(
                self._trial.prepared,
                recipe,
                workers=self._workers,
                tensorflow=self._tensorflow,
                progress=self._progress,
            )
            return self._workers.call(judge, name, made, time.monotonic() - start_s)
        except QuantciError as error:
            return refused(name, error, round(time.monotonic() - start_s, 3))

    def _end(self, name: str, call: Call[Attempt], start_s: float) -> None:
        try:
            attempt = self._workers.result(call)
        except QuantciError as error:
            attempt = refused(name, error, round(time.monotonic() - start_s, 3))
        self._finish(name, attempt)

    def _finish(self, name: str, attempt: Attempt) -> None:
        self.attempts[name] = attempt
        self._kept.keep(name, attempt)
