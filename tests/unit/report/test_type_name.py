"""What the quantized model is called: the same word in every sentence and table of a report."""

from __future__ import annotations

from msgspec.structs import replace
from tests.golden import example_config, example_evaluate_record, example_provenance, example_quantize_record

from quantci.records.gates_config import GatesConfig
from quantci.report.comment import render
from quantci.report.join import build_report

WIDE = "INT16x8"


def wide_comment(config_gates: GatesConfig) -> str:
    """Of the example, with activations of 16 bits."""
    quantize = example_quantize_record()
    assert quantize.result is not None
    model = quantize.result.quantized_model
    tensors = [replace(tensor, dtype="int16" if tensor.dtype == "int8" else tensor.dtype) for tensor in model.tensors]
    quantize = replace(
        quantize, result=replace(quantize.result, quantized_model=replace(model, tensors=tensors), recipe="int16x8")
    )
    evaluate = example_evaluate_record(quantize)
    assert quantize.result is not None
    assert evaluate.result is not None
    name = quantize.result.quantized_model.quantized_type
    evaluate = replace(evaluate, result=replace(evaluate.result, quantized_type=name))
    report = build_report(
        config=example_config(config_gates),
        records={"quantize": quantize, "evaluate": evaluate},
        baseline=None,
        provenance=example_provenance(0.1),
        title="traffic_lights.keras",
    )
    return render(report)


def test_a_report_on_16_bit_activations_never_says_int8() -> None:
    comment = wide_comment(
        GatesConfig(min_metric=0.5, min_worst_class_recall=0.5, max_metric_drop=0.1, max_worst_class_drop=0.2)
    )
    assert "INT8" not in comment
    assert f"**{WIDE} accuracy**" in comment
    assert f"FP32 → {WIDE}" in comment
    assert f"{WIDE} file, measured" in comment
    assert f"| {WIDE} in TFLM |" in comment
    assert f"{WIDE} is judged by `tflm`" in comment
    assert f"{WIDE} finds " in comment
    assert f"Right in FP32 and wrong in {WIDE}" in comment
    assert f"No class loses recall from FP32 to {WIDE}" in comment or f"loses most from FP32 to {WIDE}" in comment
