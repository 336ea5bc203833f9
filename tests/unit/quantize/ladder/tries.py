"""Tries with made-up figures."""

from __future__ import annotations

from typing import Any

from quantci.records.ladder import Estimate, LadderTry
from quantci.records.paired import Interval


def tried(recipe: str, score: float | None = 0.5, *, delta: float | None = None, **figures: Any) -> LadderTry:
    """A try with this score, refused without one; with `delta` its estimated loss, where float has 0.9."""
    interval = Interval(low=-1, high=1, level=0.95)
    values: dict[str, Any] = {
        "refused": None if score is not None else "It has no INT8 form. [unquantizable-op]",
        "estimate": None if delta is None else Estimate(value=0.9 + delta, delta=delta, interval=interval),
        "model_sha256": None if score is None else "0" * 64,
        "file_bytes": None if score is None else 1000,
        "arena_bytes": None if score is None else 2000,
        "arena_memory": None if score is None else "internal",
        "latency_us": None if score is None else 3000.0,
        "latency_reason": None,
        "misses": [],
        "duration_s": 1.0,
    }
    return LadderTry(recipe=recipe, score=score, **(values | figures))
