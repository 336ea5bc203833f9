"""The user's own metrics, named as module:function in quantci.toml.

Such a metric is code that comes with the repository, perhaps with a stranger's pull request: nothing is imported unless
the caller allows it.
"""

from __future__ import annotations

import contextlib
import importlib
import math
import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from quantci.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import Any

Metric: TypeAlias = Callable[[NDArray[np.float64], NDArray[np.generic]], float]

_SPEC = re.compile(r"(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*):(?P<function>[^\W\d]\w*)")


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
    if not allow_code:
        raise ConfigError(
            "code-not-allowed",
            "This metric is code of the repository, and running that is not allowed here.",
            where=_where(spec),
            remedy="Allow it where the repository is trusted, or remove the metric.",
        )
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise _fault(spec, "This is not of the form module:function.", "Write it like my_metrics:balanced_accuracy.")
    module, name = match["module"], match["function"]
    try:
        with _search_first(base):
            loaded = importlib.import_module(module)
    except (Exception, SystemExit) as error:
        raise _fault(
            spec,
            f"The module {module} cannot be imported: {type(error).__name__}: {error}.",
            f"Put {module.replace('.', '/')}.py into {base}, or install the package that has it.",
        ) from error
    _refuse_namesake(spec, loaded.__file__, module, base)
    function = getattr(loaded, name, None)
    if not callable(function):
        raise _fault(spec, f"The module {module} has no function {name}.", f"Define {name} in {loaded.__file__}.")

    def metric(probabilities: NDArray[np.float64], labels: NDArray[np.generic]) -> float:
        try:
            with _search_first(base):
                value = float(function(probabilities.copy(), labels.copy()))
        except (Exception, SystemExit) as error:
            raise _fault(
                spec,
                f"{name} of {module} failed on probabilities {probabilities.shape} and labels {labels.shape}: "
                f"{type(error).__name__}: {error}.",
                "Make it return one number for arrays [n, classes] and [n].",
            ) from error
        if not math.isfinite(value):
            raise _fault(spec, f"{name} of {module} returned {value}.", "Make it return a finite number.")
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


@contextlib.contextmanager
def _search_first(base: Path) -> Iterator[None]:
    entry = str(base.resolve())
    sys.path.insert(0, entry)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):  # the module may have taken it away
            sys.path.remove(entry)


def _refuse_namesake(spec: str, loaded_file: str | None, module: str, base: Path) -> None:
    """A module imported earlier wins over a file of the same name in `base`: say so, never run the wrong one."""
    stem = base.resolve().joinpath(*module.split("."))
    own = [file for file in (stem.with_suffix(".py"), stem / "__init__.py") if file.is_file()]
    if own and (loaded_file is None or not any(file.samefile(loaded_file) for file in own)):
        raise _fault(
            spec,
            f"The name {module} belongs to another module already ({loaded_file or 'built in'}).",
            f"Rename {own[0].name} and the metric.",
        )


def _fault(spec: str, cause: str, remedy: str) -> ConfigError:
    return ConfigError("metric", cause, where=_where(spec), remedy=remedy)


def _where(spec: str) -> str:
    return f"task.metrics: {spec}"
