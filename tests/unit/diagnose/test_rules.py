"""Each rule: when it speaks, when it does not, and what it names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as changed
from tests.golden import example_model

from quantci.diagnose import rules
from quantci.diagnose.rules import Findings
from quantci.records.diagnose import ClippedActivation, LayerError, WeightChannels

MODEL = example_model("model_quant.tflite", quantized=True)  # conv, depthwise, conv, mean, dense, softmax


def layer(op: int | None, own: float = 40.0, channel: float | None = None, **other: Any) -> LayerError:
    values: dict[str, Any] = {
        "op_index": op,
        "op": "INPUT" if op is None else MODEL.ops[op].op,
        "name": "image" if op is None else MODEL.ops[op].output_name,
        "rank": 9,
        "sqnr_db": own,
        "channel_sqnr_db": own if channel is None else channel,
        "own_sqnr_db": own,
        "own_channel_sqnr_db": own if channel is None else channel,
        "cosine": 1.0,
        "saturation": 0.0,
        "largest_error": 0.1,
    }
    return LayerError(**values | other)


def weights(op: int, ratio: float, *, per_channel: bool | None = True) -> WeightChannels:
    return WeightChannels(
        op_index=op,
        op=MODEL.ops[op].op,
        name=MODEL.ops[op].output_name,
        channels=8,
        largest_to_median=ratio,
        largest_to_smallest=ratio,
        largest_channel=5,
        is_per_channel=per_channel,
    )


def clipped(calibration: float, evaluation: float, name: str = "act") -> ClippedActivation:
    return ClippedActivation(
        op_index=1, name=name, low=-1.0, high=2.5, calibration_ratio=calibration, evaluation_ratio=evaluation
    )


def findings(*layers: LayerError) -> Findings:
    return Findings(
        [layer(None), *(layer(op) for op in range(6) if op not in {one.op_index for one in layers}), *layers],
        15.0,
        [weights(0, 2.0), weights(1, 2.0), weights(2, 2.0), weights(4, 2.0)],
        [],
        changed(MODEL, ops=MODEL.ops[:5], outputs=[MODEL.tensors[MODEL.ops[4].outputs[0]]]),
        {op: op for op in range(6)},
    )


def codes(found: Findings) -> list[str]:
    return [advice.code for advice in rules.advise(found)]


def test_nothing_is_said_of_a_healthy_model() -> None:
    assert codes(findings()) == []


def test_an_outlier_in_the_weights_is_named_with_its_channel_and_remedy() -> None:
    bad = findings(layer(1, 42.0, 2.0, rank=1))
    found = replace(bad, weights=[weights(1, 200.0)])
    advice = rules.outlier_channel(found)
    assert advice is not None
    assert "output channel 5 reach 200 times" in advice.text
    assert MODEL.ops[1].output_name in advice.text
    assert "Equalise" in advice.text
    per_tensor = rules.outlier_channel(replace(bad, weights=[weights(1, 200.0, per_channel=False)]))
    assert per_tensor is not None
    assert "per channel" in per_tensor.text


def test_an_outlier_in_the_activation_alone_counts_from_20_db_on() -> None:
    assert codes(findings(layer(1, 30.0, 10.0, rank=1))) == ["outlier-channel"]
    assert codes(findings(layer(1, 29.0, 10.0, rank=1))) == []


def test_a_large_weight_that_does_no_harm_is_none() -> None:
    """A trained MobileNet has ratios of 16 in layers of 30 dB."""
    assert codes(replace(findings(), weights=[weights(1, 200.0)])) == []


@pytest.mark.parametrize(
    ("calibration", "evaluation", "word"), [(0.0, 0.02, "evaluation"), (0.02, 0.0, "calibration"), (0.0, 0.0009, "")]
)
def test_clipping_is_told_from_one_in_a_thousand_on(calibration: float, evaluation: float, word: str) -> None:
    advice = rules.clipped_activation(replace(findings(), clipped=[clipped(calibration, evaluation)]))
    assert (advice is not None) == bool(word)
    if advice is not None:
        assert f"2.0 % of its values on {word} samples" in advice.text
        assert "-1 to 2.5" in advice.text


def test_a_saturated_output() -> None:
    assert codes(findings(layer(4, saturation=0.02))) == ["saturated-output"]
    assert codes(findings(layer(4, saturation=0.009))) == []
    assert codes(findings(layer(3, saturation=0.02))) == [], "of an inner layer it is no answer"


def joined(first: float, second: float, *, through_quantize: bool = False) -> Findings:
    """A model that adds two activations of these scales."""
    base = findings()
    tensors = list(MODEL.tensors)
    a, b = MODEL.ops[0].outputs[0], MODEL.ops[1].outputs[0]
    tensors[a] = changed(tensors[a], scale=[first])
    tensors[b] = changed(tensors[b], scale=[second])
    add = changed(MODEL.ops[3], op="ADD", inputs=[a, b])
    ops = [*MODEL.ops[:3], add]
    if through_quantize:
        rescaled = MODEL.ops[2].outputs[0]
        tensors[rescaled] = changed(tensors[rescaled], scale=[second])
        ops[2] = changed(MODEL.ops[2], op="QUANTIZE", inputs=[a])
        ops[3] = changed(add, inputs=[rescaled, b])
    return replace(base, model=changed(base.model, ops=ops, tensors=tensors))


def test_operands_more_than_eight_times_apart() -> None:
    assert codes(joined(0.1, 0.1)) == []
    assert codes(joined(0.1, 0.0126)) == []
    advice = rules.wide_add(joined(0.1, 0.01))
    assert advice is not None
    assert "10 times apart" in advice.text
    assert codes(joined(0.1, 0.01, through_quantize=True)) == ["wide-add"], "the scale before the QUANTIZE counts"


@pytest.mark.parametrize(
    ("op", "code"), [(None, "worst-first-layer"), (0, "worst-first-layer"), (4, "worst-last-layer"), (2, "")]
)
def test_the_worst_layer_at_an_end(op: int | None, code: str) -> None:
    healthy = [layer(other) for other in (None, *range(6)) if other != op]
    found = replace(findings(), layers=[*healthy, layer(op, 9.0, rank=1)])
    assert codes(found) == ([code] if code else [])
    assert codes(replace(found, threshold_db=8.0)) == []


def test_an_outlier_explains_the_first_layer_better() -> None:
    assert codes(replace(findings(layer(0, 42.0, 1.0, rank=1)), weights=[weights(0, 200.0)])) == ["outlier-channel"]


@pytest.mark.parametrize(
    ("op", "shape", "spoken"),
    [
        ("SOFTMAX", [1, 4], True),
        ("LOGISTIC", [1, 4], True),
        ("LOGISTIC", [1, 1], False),
        ("FULLY_CONNECTED", [1, 4], False),
    ],
)
def test_logits(op: str, shape: list[int], spoken: bool) -> None:
    last = changed(MODEL.ops[5], op=op, output_shape=shape)
    moved = changed(MODEL.ops[5], op="QUANTIZE", index=6)
    found = replace(findings(), model=changed(MODEL, ops=[*MODEL.ops[:5], last, moved]))
    assert ("logits" in codes(found)) == spoken


def test_hostile_names_cannot_steer_a_terminal() -> None:
    evil = layer(1, 30.0, 5.0, rank=1, name="\x1b[2Jx\n::error::" + "y" * 500)
    advice = rules.advise(findings(evil))[0]
    assert advice.text.isprintable()
    assert len(advice.text) < 500
