"""The user's own metrics, named as module:function in quantci.toml.

Such a metric is code that comes with the repository, perhaps with a stranger's pull request: nothing is imported unless
the caller allows it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from quantci.errors import ConfigError
from quantci.records.code_name import CodeName
from quantci.workers.own_code import load_function, not_allowed, search_first

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import Any

Metric: TypeAlias = Callable[[NDArray[np.float64], NDArray[np.generic]], float]


def load_metrics(specs: Iterable[str], base: Path, *, allow_code: bool) -> dict[str, Metric]:
    """All metrics of [task] metrics, by their spec, in that order."""
    return {spec: load_metric(spec, base, allow_code=allow_code) for spec in specs}


def load_metric(spec: str, base: Path, *, allow_code: bool) -> Metric:
    """Import `module:function`; the folder `base` (that of quantci.toml) is searched before all others.

    The metric is called with the answers float64 [n, d] and what is right, as the task has it. It gets copies, and what
    it returns is checked to be one finite number.

    Raises:
        ConfigError: `code-not-allowed` when `allow_code` is False, before anything is imported; `metric` when the name
            has another form, the import fails or the function is missing, and later when the metric fails in use.
    """
    where = _where(spec)
    if not allow_code:
        raise not_allowed("This metric", where, "or remove the metric")
    name = CodeName.parse(spec)
    if name is None:
        raise _fault(spec, "This is not of the form module:function.", "Write it like my_metrics:balanced_accuracy.")
    function = load_function(name, base, code="metric", where=where)

    def metric(probabilities: NDArray[np.float64], labels: NDArray[np.generic]) -> float:
        try:
            with search_first(base):
                value = float(function(probabilities.copy(), labels.copy()))
        except (Exception, SystemExit) as error:
            raise _fault(
                spec,
                f"{name.function} of {name.module} failed on probabilities {probabilities.shape} and labels "
                f"{labels.shape}: {type(error).__name__}: {error}.",
                "Make it return one number for arrays [n, classes] and [n].",
            ) from error
        if not math.isfinite(value):
            raise _fault(spec, f"{name.function} of {name.module} returned {value}.", "Make it return a finite number.")
        return value

    return metric


def apply_metrics(
    metrics: Mapping[str, Metric], probabilities: NDArray[np.floating[Any]], labels: NDArray[np.generic]
) -> dict[str, float]:
    """Value of each metric on answers [n, d] and what is right, [n] or [n, d].

    Raises:
        ConfigError: `metric`.
    """
    whole = labels.astype(np.int64 if labels.dtype.kind in "iu" else np.float64)
    return {spec: metric(probabilities.astype(np.float64), whole) for spec, metric in metrics.items()}


def _fault(spec: str, cause: str, remedy: str) -> ConfigError:
    return ConfigError("metric", cause, where=_where(spec), remedy=remedy)


def _where(spec: str) -> str:
    return f"task.metrics: {spec}"
