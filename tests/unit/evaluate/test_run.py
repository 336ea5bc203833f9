"""A base that takes its workers down costs the comparison; a model of this change that does so costs the run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.models import tiny_int8_cnn
from tests.unit.evaluate.sharded import CONFIG, score_places, whole_set

from quantci.errors import ConfigError, ModelRejected, QuantciError
from quantci.evaluate import run
from quantci.evaluate.score import Models
from quantci.evaluate.scored import Scored
from quantci.evaluate.subject import Subject
from quantci.progress import silent
from quantci.records.baseline_folder import Baseline
from quantci.records.config import Config
from quantci.records.shard import Shard
from quantci.records.stage import Failure
from quantci.tflite.model import Model

CRASH = ModelRejected("crashed-interpreter", "The interpreter crashed.", remedy="Export it again.")
BASE: Any = SimpleNamespace(model=Model(b"base", "b"))
GIVEN = Baseline(Path("base"), SimpleNamespace())  # type: ignore[arg-type]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Model | None]:
    """Nothing is started: lists the base's model of each set of workers."""
    models: list[Model | None] = []

    @contextlib.contextmanager
    def workers(wanted: Models, config: Config) -> Iterator[None]:
        models.append(wanted.base_model)
        yield

    monkeypatch.setattr(run, "opened", workers)
    monkeypatch.setattr(
        run, "make_plan", lambda *_: SimpleNamespace(samples=whole_set(6), job=SimpleNamespace(preprocessing=None))
    )
    monkeypatch.setattr(run, "read_base", lambda *_: BASE)
    monkeypatch.setattr(run, "choose_steps", lambda *_: ("tflm", []))
    return models


def score_or(monkeypatch: pytest.MonkeyPatch, fault: QuantciError, *, always: bool = False) -> None:
    def score(
        _plan: object, own: list[object], _models: Models, _workers: None, _progress: object, base: object
    ) -> Scored:
        if always or base is not None:
            raise fault
        return score_places(whole_set(6), range(len(own)))

    monkeypatch.setattr(run, "score", score)


def scored(baseline: Baseline | Failure | None = GIVEN, shard: Shard | None = None) -> Scored:
    subject = Subject(CONFIG, Path(), Model(b"float", "f"), Model(tiny_int8_cnn(), "q"), (), baseline)
    _, _, found = run.run_models(subject, silent, shard)
    return found


@pytest.mark.parametrize("code", ["crashed-interpreter", "too-slow", "out-of-memory", "worker-killed"])
def test_a_base_that_kills_its_workers_is_left_out_and_named(
    monkeypatch: pytest.MonkeyPatch, opened: list[Model | None], code: str
) -> None:
    score_or(monkeypatch, ModelRejected(code, "It ended.", remedy="Export it again."))
    found = scored()
    assert opened == [BASE.model, None]
    assert (found.base, found.base_rows, len(found.samples)) == (None, None, 6)
    assert found.base_failure is not None
    assert (found.base_failure.code, f"It ended. [{code}]" in found.base_failure.cause) == ("baseline-model", True)


def test_a_model_of_this_change_that_crashes_is_refused_with_and_without_a_base(
    monkeypatch: pytest.MonkeyPatch, opened: list[Model | None]
) -> None:
    score_or(monkeypatch, CRASH, always=True)
    with pytest.raises(ModelRejected, match="crashed-interpreter"):
        scored()
    assert len(opened) == 2
    with pytest.raises(ModelRejected, match="crashed-interpreter"):
        scored(None)
    assert len(opened) == 3


def test_what_is_wrong_with_the_set_is_not_tried_twice(
    monkeypatch: pytest.MonkeyPatch, opened: list[Model | None]
) -> None:
    score_or(monkeypatch, ConfigError("input-color", "It is grey.", remedy="Say so."))
    with pytest.raises(ConfigError, match="input-color"):
        scored()
    assert len(opened) == 1


def test_a_baseline_that_is_refused_is_not_run(monkeypatch: pytest.MonkeyPatch, opened: list[Model | None]) -> None:
    score_or(monkeypatch, CRASH)

    def refuse(*_: object) -> None:
        raise ConfigError("baseline-old", "It is old.", where="base", remedy="Wait.")

    monkeypatch.setattr(run, "read_base", refuse)
    expected = Failure(code="baseline-old", cause="It is old.", where="base", remedy="Wait.")
    assert scored(shard=Shard(index=1, count=2)).base_failure == expected
    assert opened == [None]
    assert scored(expected).base_failure == expected
    assert scored(None).base_failure is None
