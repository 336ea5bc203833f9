"""What other numbers of channels would save, by hand."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.unit.chip.layers import op

from quantci.chip.latency.coefficients import published_coefficients
from quantci.chip.latency.saving import saved_us, widened, with_savings
from quantci.records.kernels import OpKernel
from quantci.records.latency import LatencyCoefficients

TERMS = {
    "op": 100.0,
    "conv_1x1_output": 10.0,
    "conv_mac": 1.0,
    "conv_1x1_odd_output": 50.0,
    "depthwise_3x3_output": 20.0,
    "depthwise_padded_output": 80.0,
}


def coefficients() -> LatencyCoefficients:
    record = published_coefficients().record
    term = next(iter(record.terms.values()))
    terms = {name: replace(term, cycles=cycles) for name, cycles in TERMS.items()}
    return replace(record, terms=terms, clock_hz=1_000_000)


POINTWISE = op("CONV_2D", (1, 4, 4, 12), (8, 1, 1, 12), (8,), output=(1, 4, 4, 8))
DEPTHWISE = op("DEPTHWISE_CONV_2D", (1, 4, 4, 12), (1, 3, 3, 12), (12,))


def test_a_pointwise_convolution() -> None:
    # Now 128 outputs at 50 cycles, then at 10; the multiply-accumulates are padded to 16 channels already.
    assert saved_us(POINTWISE, 16, coefficients()) == pytest.approx(128 * 40)


def test_a_depthwise_convolution_gets_more_outputs_as_well() -> None:
    now = 256 * 80  # padded to 16 channels, too
    then = 256 * 20
    assert saved_us(DEPTHWISE, 16, coefficients()) == pytest.approx(now - then)


def test_more_channels_can_cost_more_than_they_save() -> None:
    assert (saved_us(POINTWISE, 64, coefficients()) or 0) < 0


def test_what_has_no_figure_is_not_known() -> None:
    assert widened(op("SOFTMAX", (1, 4)), 32) is None
    dense = op("FULLY_CONNECTED", (1, 12), (4, 12), output=(1, 4))
    assert widened(dense, 16) == op("FULLY_CONNECTED", (1, 16), (4, 16), output=(1, 4))
    assert saved_us(dense, 16, coefficients()) is None, "these coefficients have no term for it"


def test_only_kernels_that_want_channels_get_a_figure() -> None:
    padded = OpKernel(op_index=0, op="CONV_2D", path="padded", reason="r", remedy="m", wanted=16)
    vector = OpKernel(op_index=1, op="DEPTHWISE_CONV_2D", path="vector", reason="", remedy="")
    first, second = with_savings([padded, vector], [POINTWISE, DEPTHWISE], coefficients())
    assert first.saved_us is not None
    assert second == vector
