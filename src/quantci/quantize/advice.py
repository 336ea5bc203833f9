"""What quantize notices and does not stop for."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np

from quantci.data.audit import find_duplicates, find_empty_classes
from quantci.data.culprits import plural
from quantci.quantize.recipe_name import MINMAX
from quantci.quantize.transforms.pairs import in_the_way
from quantci.records.stage import Advice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.data.sample import Sample
    from quantci.quantize.calibration_set import Calibrated
    from quantci.quantize.recipe import Recipe
    from quantci.records.qat import QatInfo
    from quantci.records.rewrite import Rewrite
    from quantci.source.open_source import Source
    from quantci.tflite.model import Model

ADVISED_SAMPLES: Final = 200
LARGE_DIFFERENCE: Final = 1e-3
_SHOWN: Final = 3


def advise_on_training(qat: QatInfo | None) -> list[Advice]:
    """Where training brought nothing."""
    if qat is None or qat.runs[qat.chosen].best_step > 0:
        return []
    text = (
        f"Training made the {plural(qat.tuning_samples, 'sample')} that were held back no better, so the quantized "
        f"model is that of {qat.start}: give it more samples with qat.fine_tune, or lower qat.learning_rate."
    )
    return [Advice(code="qat-no-gain", text=text)]


def advise_on_transform(recipe: Recipe, before: Model, after: Model) -> list[Advice]:
    """Where the recipe's transform had nothing to do: it needs pairs of layers.

    Args:
        recipe: that was followed.
        before: the float model that it was given.
        after: the one that it quantized.
    """
    if not recipe.transforms or before.sha256 != after.sha256:
        return []
    words = recipe.name.split("+")
    found = Counter(in_the_way(before.tree))
    between = ", ".join(f"{name} ({count})" if count > 1 else name for name, count in found.most_common(_SHOWN))
    here = f", and here there is {between}" if between else ""
    text = (
        f"{words[0]} found no two layers to work on, so the model is that of {'+'.join(words[1:]) or MINMAX}: it needs "
        f"layers with nothing but pooling, PAD, MEAN, RELU or RESHAPE between them{here}. Take bias-correction or "
        "percentile-99.9 instead, or let auto choose."
    )
    return [Advice(code="recipe-idle", text=text)]


def advise_on_calibration(
    path: str, samples: Sequence[Sample], labels: Sequence[str], calibrated: Calibrated
) -> list[Advice]:
    """On the calibration set, and on what the float model made of it.

    Args:
        path: the set as written in the configuration.
        samples: those that were chosen of it.
        labels: names of the first classes, each of which the set ought to have.
        calibrated: what they told.
    """
    digests = calibrated.tally.digests
    advice = [*find_empty_classes(samples, labels), *find_duplicates(digests)]
    if len(digests) < ADVISED_SAMPLES:
        used = plural(len(digests), "sample")
        text = f"Calibrated with {used}; {ADVISED_SAMPLES} to 500 are recommended: add some to {path}."
        advice.append(Advice(code="few-samples", text=text))
    return advice


def advise_on_conversion(
    source: Source, calibrated: Calibrated, difference: float | None, samples: Sequence[Sample], given: Sequence[int]
) -> list[Advice]:
    """On how near the float model is to its source, and on the order of its input's values.

    Args:
        source: what the float model came from.
        calibrated: what the calibration set told.
        difference: of the float model to the source model; None for a source that is taken as it is.
        samples: of the calibration set.
        given: input.shape.
    """
    advice = []
    outputs = np.concatenate([parts[0] for parts in calibrated.float_outputs])
    if difference is not None and difference > LARGE_DIFFERENCE * max(1.0, float(np.abs(outputs).max())):
        first = source.first_difference(np.concatenate(calibrated.first_tensors))
        begins = f" It begins at {first}." if first else ""
        text = f"The float model differs from the source model by up to {difference:.3g}: check the conversion.{begins}"
        advice.append(Advice(code="conversion-difference", text=text))
    own = source.turned_shape
    if own and not given and any(sample.path.suffix.lower() in {".bin", ".csv"} for sample in samples):
        text = (
            f"The source takes its channels first, {own}, and the float model last: values of .bin and .csv files are "
            f"read in the order of the float model. If theirs is that of the source, set input.shape = {own[1:]}."
        )
        advice.append(Advice(code="channels-last", text=text))
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
