"""The golden model is what its script makes, and its outputs are those of two interpreters."""

from __future__ import annotations

from importlib.metadata import version
from importlib.resources import files

import numpy as np
import pytest

from quantci.bench.golden import GOLDEN_FILE, GOLDEN_MODEL, read_golden
from quantci.bench.make_golden import make_model, make_record
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model
from quantci.tflite.tflm import tflm_available

FOLDER = files("quantci.bench")
same_writer = pytest.mark.skipif(
    tuple(map(int, version("ai-edge-litert").split(".")[:2])) < (2, 3),
    reason="an older schema of TFLite writes the same model with its parts in another order",
)


@same_writer
def test_the_script_makes_the_shipped_model() -> None:
    assert make_model() == (FOLDER / GOLDEN_MODEL).read_bytes()


@same_writer
@pytest.mark.skipif(not tflm_available(), reason="there is no wheel of TFLM for this machine")
def test_the_script_makes_the_shipped_outputs() -> None:
    assert make_record(Model(make_model(), GOLDEN_MODEL)) == (FOLDER / GOLDEN_FILE).read_bytes()


def test_lite_rts_reference_kernels_give_the_known_outputs() -> None:
    golden = read_golden()
    runner = open_lite_rt(golden.model, kernels="reference")
    for given, made in golden.samples:
        assert runner.run([np.frombuffer(given, np.int8).reshape(1, 64)])[0].tobytes() == made


def test_outputs_are_not_all_at_the_ends_of_the_range() -> None:
    """An output that clips hides what came before it."""
    values = np.frombuffer(b"".join(made for _, made in read_golden().samples), np.int8)
    assert len(set(values.tolist())) > 40
    assert np.isin(values, [-128, 127]).mean() < 0.05
