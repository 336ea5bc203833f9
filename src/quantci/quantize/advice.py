"""What quantize notices and does not stop for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from quantci.data.audit import find_duplicates, find_empty_classes
from quantci.records.stage import Advice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.data.sample import Sample
    from quantci.quantize.calibration_set import Calibrated
    from quantci.records.rewrite import Rewrite

ADVISED_SAMPLES: Final = 200
LARGE_DIFFERENCE: Final = 1e-3
_SHOWN: Final = 3


def advise_on_calibration(
    path: str, samples: Sequence[Sample], labels: Sequence[str], calibrated: Calibrated, difference: float | None
) -> list[Advice]:
    """On the calibration set, and on what the float model made of it.

    Args:
        path: the set as written in the configuration.
        samples: those that were chosen of it.
        labels: names of the first classes, each of which the set ought to have.
        calibrated: what they told.
        difference: of the float model to the source model; None for a source that is taken as it is.
    """
    digests = calibrated.tally.digests
    advice = [*find_empty_classes(samples, labels), *find_duplicates(digests)]
    if len(digests) < ADVISED_SAMPLES:
        text = f"Calibrated with {len(digests)} samples; {ADVISED_SAMPLES} to 500 are recommended: add some to {path}."
        advice.append(Advice(code="few-samples", text=text))
    outputs = np.concatenate([parts[0] for parts in calibrated.float_outputs])
    if difference is not None and difference > LARGE_DIFFERENCE * max(1.0, float(np.abs(outputs).max())):
        text = f"The float model differs from the source model by up to {difference:.3g}: check the conversion."
        advice.append(Advice(code="conversion-difference", text=text))
    return advice


def advise_on_rewrites(rewrites: Sequence[Rewrite]) -> list[Advice]:
    """One line that says what was rewritten; none where nothing was."""
    if not rewrites:
        return []
    parts = [f"{rewrite.name} ({_layers(rewrite.layers)})" for rewrite in rewrites]
    text = (
        f"The float model was rewritten, with equal outputs: {', '.join(parts)}. docs/rewrites.md says what each does; "
        "quantization.rewrite switches them off."
    )
    return [Advice(code="rewritten", text=text)]


def _layers(layers: Sequence[str]) -> str:
    named = [f"`{layer.replace('`', chr(39))[:80]}`" for layer in layers if layer]
    more = f" and {len(layers) - _SHOWN} more" if len(layers) > _SHOWN else ""
    return f"{', '.join(named[:_SHOWN])}{more}" if named else "without a name"
