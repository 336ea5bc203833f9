"""From figures that were measured on a board to the coefficients of that board."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from quantci.chip.latency.board import calibrate
from quantci.chip.latency.coefficients import published_coefficients
from quantci.chip.latency.data import published_figures, rows_of
from quantci.errors import DataRejected
from quantci.latency_fit.bench import read_benches
from quantci.latency_fit.figures import read_figures
from quantci.latency_fit.measurement import read_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.chip.latency.board import Calibration
    from quantci.chip.latency.coefficients import Coefficients
    from quantci.latency_fit.bench import Benched
    from quantci.latency_fit.measurement import Measurement
    from quantci.progress import Progress


class Fit(NamedTuple):
    """The coefficients of a board with what they were made from.

    Attributes:
        measurements: as in the file; so are the calibration's checks.
        published: what the coefficients were shrunk towards; None if nothing is published for such a build.
    """

    calibration: Calibration
    measurements: list[Measurement]
    published: Coefficients | None


def fit_latency(paths: Sequence[Path], *, fitted_on: str, progress: Progress) -> Fit:
    """Fit coefficients to a file of measurements, or to records of quantci bench.

    Args:
        paths: the file; see quantci.records.board_figures; or one bench.json or more.
        fitted_on: UTC date, YYYY-MM-DD.
        progress: told what is going on.

    Raises:
        ConfigError, DataRejected, ModelRejected: as docs/errors.md lists.
    """
    path = paths[0]
    benches: list[Benched] = []
    if path.suffix == ".json":
        figures, benches = read_benches(paths)
        path = Path(path.name)  # the models are named from the working folder on
    else:
        figures = read_figures(path)
    measurements = []
    for index, entry in enumerate(figures.model):
        progress("reading the models", index, len(figures.model))
        benched = benches[index] if benches else None
        measurements.append(read_model(entry, figures, path, index, benched))
    models = [one.model for one in measurements]
    if not any(model.figures for model in models):
        raise DataRejected(
            "too-few-figures",
            "No op of the profiles is both covered by the estimate and long enough to be measured.",
            where=str(path),
            remedy="Measure a larger model.",
        )
    progress("fitting")
    published = published_coefficients().of(figures.kernels, figures.memory)
    calibration = calibrate(
        models,
        published,
        rows_of(published_figures(), figures.kernels),
        board=figures.board,
        clock_hz=figures.clock_hz,
        kernels=figures.kernels,
        memory=figures.memory,
        fitted_on=fitted_on,
    )
    return Fit(calibration, measurements, published)
