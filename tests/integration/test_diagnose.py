"""Which layer costs accuracy, on real models through the command: healthy, broken on purpose, and not comparable."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray
from tests.integration.command import Command
from tests.integration.pictures import report_of
from tests.models import tiny_float_cnn

from quantci.data.preprocess import Preprocessing
from quantci.data.sample import Sample
from quantci.diagnose import compare
from quantci.diagnose.compare import Job
from quantci.diagnose.match import match
from quantci.diagnose.sums import Integers
from quantci.quantize.calibrate import calibrate, with_ranges
from quantci.quantize.engine import quantize_with_litert
from quantci.quantize.recipe import Types
from quantci.records.base import decode, read, write
from quantci.records.diagnose import DiagnoseRecord, DiagnoseResult, LayerError
from quantci.records.input_config import InputConfig
from quantci.records.quantize import QuantizeRecord
from quantci.render.visible import visible
from quantci.tflite.flatbuffer import pack, parse
from quantci.tflite.model import Model

CHANNEL = 3


def with_outlier(data: bytes, op: int, factor: float) -> bytes:
    """The same function in float: one output channel of an op is scaled, and the weights of the next layer undo it.

    Between them stand a ReLU and perhaps a mean, which keep the factor.
    """
    model, summary = parse(data, "m"), Model(data, "m").summary
    layer, *later = summary.ops[op:]
    after = next(other for other in later if other.weight_bytes and len(other.inputs) == 3)

    def edit(tensor: int, change: Callable[[NDArray[np.float32]], None]) -> None:
        buffer = model.buffers[model.subgraphs[0].tensors[tensor].buffer]
        values = np.frombuffer(bytes(buffer.data), np.float32).reshape(summary.tensors[tensor].shape).copy()
        change(values)
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)

    def scale(values: NDArray[np.float32]) -> None:
        axis = values.ndim - 1 if layer.op == "DEPTHWISE_CONV_2D" else 0
        np.moveaxis(values, axis, 0)[CHANNEL] *= factor

    def undo(values: NDArray[np.float32]) -> None:
        values[..., CHANNEL] /= factor

    edit(layer.inputs[1], scale)
    edit(layer.inputs[2], scale)
    edit(after.inputs[1], undo)
    return pack(model)


def result_of(project: Path) -> DiagnoseResult:
    """What the command left, checked by its own decoder."""
    result = decode((project / "out" / "diagnose.json").read_bytes(), DiagnoseRecord).result
    assert result is not None
    return result


def worst(result: DiagnoseResult) -> LayerError:
    return next(layer for layer in result.layers if layer.rank == 1)


def diagnosed(quantci: Command, project: Path, *options: object) -> DiagnoseResult:
    assert quantci("quantize", *options, cwd=project).code == 0
    done = quantci("diagnose", *options, cwd=project)
    assert done.code == 0, done.err
    return result_of(project)


def test_a_healthy_model_has_no_bad_layer(quantci: Command, project: Path) -> None:
    result = diagnosed(quantci, project)
    ops = Model((project / "out" / "model_quant.tflite").read_bytes(), "m").summary.ops
    assert [layer.op for layer in result.layers] == ["INPUT", *(op.op for op in ops)]
    assert not result.unmatched
    assert result.first_below is None
    assert all(layer.cosine and layer.cosine > 0.99 for layer in result.layers)
    assert {advice.code for advice in result.advice} <= {"logits", "clipped-activation"}
    assert (result.samples, result.evaluation_samples) == (32, 32)
    assert sorted(layer.rank for layer in result.layers) == list(range(1, len(ops) + 2))


@pytest.mark.parametrize("op", [0, 2])
def test_a_layer_broken_on_purpose_is_named_first(quantci: Command, project: Path, model: Path, op: int) -> None:
    (project / "broken.tflite").write_bytes(with_outlier(model.read_bytes(), op, 200.0))
    result = diagnosed(quantci, project, "--model-source", "broken.tflite")
    assert result.first_below is not None
    blamed = result.layers[result.first_below]
    assert blamed.op_index == op
    assert blamed == worst(result)
    assert blamed.sqnr_db > 25, "the sum over all channels sees nothing"
    assert blamed.own_channel_sqnr_db < 15
    others = [
        layer for layer in result.layers if layer.op_index not in range(op, op + 3)
    ]  # to the layer that undoes it
    assert all(min(layer.own_sqnr_db, layer.own_channel_sqnr_db) > 15 for layer in others), "errors before do not count"
    assert result.advice[0].code == "outlier-channel"
    assert f"output channel {CHANNEL} " in result.advice[0].text
    done = quantci("diagnose", "--model-source", "broken.tflite", cwd=project)
    assert f"The first layer below 15 dB is {visible(blamed.name)} (" in done.out
    assert "[outlier-channel]" in done.out


def test_the_pipeline_says_where_accuracy_goes_if_it_is_lost(quantci: Command, project: Path, model: Path) -> None:
    assert quantci("pipeline", cwd=project).code == 0
    assert report_of(project).diagnose is None
    assert not (project / "out" / "diagnose.json").exists()
    (project / "broken.tflite").write_bytes(with_outlier(model.read_bytes(), 0, 20_000.0))
    quantci("pipeline", "--model-source", "broken.tflite", cwd=project)
    report = report_of(project)
    assert report.diagnose is not None
    assert worst(report.diagnose).op_index == 0
    assert "Where accuracy goes" in (project / "out" / "report.md").read_text()
    assert quantci("quantize", cwd=project).code == 0
    assert not (project / "out" / "diagnose.json").exists(), "another model makes it out of date"


@pytest.mark.parametrize("options", [(), ("--quantization-strip", "false"), ("--quantization-input-type", "uint8")])
def test_names_and_types_of_the_quantized_model_do_not_matter(
    quantci: Command, project: Path, options: tuple[str, ...]
) -> None:
    plain = {layer.name: layer for layer in diagnosed(quantci, project).layers if layer.op != "INPUT"}
    result = diagnosed(quantci, project, *options)
    assert not result.unmatched
    found = {layer.name: layer for layer in result.layers if layer.op not in {"INPUT", "QUANTIZE"}}
    assert {name: layer.sqnr_db for name, layer in found.items()} == {n: layer.sqnr_db for n, layer in plain.items()}


def test_how_many_workers_there_are_changes_nothing(quantci: Command, project: Path) -> None:
    results = [diagnosed(quantci, project, "--evaluation-workers", workers) for workers in (1, 3)]
    assert results[0] == results[1]


def test_json_and_all_layers(quantci: Command, project: Path) -> None:
    diagnosed(quantci, project, "--diagnose-samples", 5, "--diagnose-threshold-db", 60)
    done = quantci("diagnose", "--json", "--diagnose-samples", 5, "--diagnose-threshold-db", 60, cwd=project)
    result = decode(done.out.encode(), DiagnoseResult)
    assert (result.samples, result.threshold_db, result.first_below) == (5, 60.0, 0)
    everything = quantci("diagnose", "--all", cwd=project)
    assert "INPUT" in everything.out


def test_an_anomaly_model(quantci: Command, anomalies: Path) -> None:
    result = diagnosed(quantci, anomalies)
    assert not result.unmatched
    assert result.first_below is None


def rewrite(project: Path, change: Callable[[Any], None]) -> None:
    """Change the quantized model, and the record with it."""
    path, record_path = project / "out" / "model_quant.tflite", project / "out" / "quantize.json"
    model = parse(path.read_bytes(), "m")
    change(model)
    data = pack(model)
    path.write_bytes(data)
    record = read(record_path, QuantizeRecord)
    assert record.result is not None
    summary = Model(data, "model_quant.tflite").summary
    assert summary.sha256 == hashlib.sha256(data).hexdigest()
    write(record_path, replace(record, result=replace(record.result, quantized_model=summary)))


def sixteen_bits(model: Any) -> None:
    """Activations of 16 bits, as in 16x8 quantization."""
    for tensor in model.subgraphs[0].tensors:
        if tensor.type == 9 and model.buffers[tensor.buffer].data is None:
            tensor.type = 7
            tensor.quantization.zeroPoint = np.zeros(1, np.int64)


def second_subgraph(model: Any) -> None:
    import copy

    other = copy.copy(model.subgraphs[0])
    model.subgraphs = [model.subgraphs[0], other]


def open_height(model: Any) -> None:
    tensor = model.subgraphs[0].tensors[model.subgraphs[0].inputs[0]]
    tensor.shapeSignature = np.array([1, -1, *tensor.shape[2:]], np.int32)


@pytest.mark.parametrize(
    ("change", "code"),
    [(sixteen_bits, "unsupported-type"), (second_subgraph, "multi-subgraph"), (open_height, "dynamic-shape")],
)
def test_what_cannot_be_compared(quantci: Command, project: Path, change: Callable[[Any], None], code: str) -> None:
    assert quantci("quantize", cwd=project).code == 0
    rewrite(project, change)
    done = quantci("diagnose", cwd=project)
    assert (done.code, f"[{code}]" in done.err) == (2, True), done.err
    record = decode((project / "out" / "diagnose.json").read_bytes(), DiagnoseRecord)
    assert record.failure is not None
    assert (record.status, record.failure.code, record.result) == ("model_rejected", code, None)


def test_without_a_quantized_model_it_says_what_to_run(quantci: Command, project: Path) -> None:
    done = quantci("diagnose", cwd=project)
    assert (done.code, "[not-found]" in done.err) == (2, True)
    assert "quantci quantize" in done.err


def test_an_unreadable_sample_is_left_out(quantci: Command, project: Path, images: Path) -> None:
    assert quantci("quantize", cwd=project).code == 0
    text = (project / "quantci.toml").read_text()
    broken = project / "some"
    for name in ("dark", "bright", "striped"):
        (broken / name).mkdir(parents=True)
        for place in range(2):
            (broken / name / f"{place}.png").write_bytes(
                (images / "calibration" / name / f"00{place}.png").read_bytes()
            )
    (broken / "dark" / "0.png").write_bytes(b"no picture")
    (project / "quantci.toml").write_text(text.replace(json.dumps(str(images / "calibration")), '"some"'))
    done = quantci("diagnose", cwd=project)
    assert done.code == 0, done.err
    assert result_of(project).samples == 5


def job_of(tmp_path: Path) -> tuple[Job, list[Sample]]:
    """A job for a tiny network, and samples of it in files."""
    float_model = Model(tiny_float_cnn(5), "m")
    tensors = [np.random.RandomState(seed).normal(size=(1, 16, 16, 3)).astype(np.float32) for seed in range(30)]
    prepared = with_ranges(float_model, calibrate(float_model, tensors))
    quantized = Model(quantize_with_litert(prepared, Types("int8", "int8")), "m")
    summary = quantized.summary
    pairs = match(float_model.summary, summary, quantized.tensor_names).pairs
    samples = []
    for place, tensor in enumerate(tensors):
        path = tmp_path / f"{place}.npy"
        np.save(path, tensor)
        samples.append(Sample(path.name, path, None, (), path.name, None))
    preprocessing = Preprocessing.for_model(InputConfig(mean=(0.0,), std=(1.0,)), (1, 16, 16, 3))
    integers = tuple(Integers.of(summary.tensors[pair.tensor]) for pair in pairs)
    return Job(float_model, quantized, preprocessing, tuple(pairs), integers, {}, {}), samples


def test_what_a_batch_answers_with_does_not_grow_with_its_samples(tmp_path: Path) -> None:
    job, samples = job_of(tmp_path)
    compare.take_job(job)
    one, many = compare.compare_batch(samples[:1]), compare.compare_batch(samples)
    assert len(pickle.dumps(many.layers)) == pytest.approx(len(pickle.dumps(one.layers)), rel=0.1)
    assert sum(layer.count for layer in many.layers) == 30 * sum(layer.count for layer in one.layers)
    halves = [compare.compare_batch(part).layers for part in (samples[:11], samples[11:])]
    for whole, first, second in zip(many.layers, *halves, strict=True):
        assert (first + second).whole.sqnr_db == pytest.approx(whole.whole.sqnr_db)
