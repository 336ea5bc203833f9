"""One's own INT8 model, quantized elsewhere: judged as it is, with and without the float model it was made from."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.integration.command import Command
from tests.integration.pictures import report_of
from tests.known import known
from tests.masks import masked
from tests.old_uint8 import old_uint8

from quantci.records.base import decode, read
from quantci.records.evaluate import EvaluateRecord, EvaluateResult
from quantci.records.quantize import QuantizeRecord, QuantizeResult
from quantci.records.report import Report


@pytest.fixture
def own(quantci: Command, project: Path) -> Path:
    """The project, whose own.tflite some script made (here quantci itself); base/ is what quantci says of it."""
    text = (project / "quantci.toml").read_text().replace("max_metric_drop", "# max_metric_drop")
    (project / "quantci.toml").write_text(text)
    assert quantci("pipeline", cwd=project).code == 0
    shutil.copy(project / "out" / "model_quant.tflite", project / "own.tflite")
    shutil.move(project / "out", project / "base")
    (project / "both.toml").write_text(text.replace("[model]", '[model]\nquantized = "own.tflite"'))
    lines = [line for line in text.splitlines() if not line.startswith("source =")]
    alone = "\n".join(lines).replace("[model]", '[model]\nquantized = "own.tflite"')
    start, end = alone.index("[calibration]"), alone.index("[evaluation]")
    (project / "quantci.toml").write_text(alone[:start] + alone[end:])
    return project


def quantized(project: Path) -> QuantizeResult:
    return known(read(project / "out" / "quantize.json", QuantizeRecord).result)


def evaluated(project: Path, folder: str = "out") -> EvaluateResult:
    return known(read(project / folder / "evaluate.json", EvaluateRecord).result)


def test_with_its_float_model_it_gives_what_quantci_says_of_it(quantci: Command, own: Path) -> None:
    done = quantci("pipeline", "--config", "both.toml", cwd=own)
    assert done.code == 0, done.err
    assert (own / "out" / "model_quant.tflite").read_bytes() == (own / "own.tflite").read_bytes()
    record = quantized(own)
    given = known(record.given)
    assert (given.path, given.sha256, given.float_reason) == ("own.tflite", record.quantized_model.sha256, None)
    assert (record.engine, record.recipe, record.calibration) == (None, None, None)
    made, now = evaluated(own, "base"), evaluated(own)
    assert [step.metrics for step in now.steps] == [step.metrics for step in made.steps]
    assert [step.agreement for step in now.steps] == [step.agreement for step in made.steps]
    assert (now.paired, now.absent_steps) == (made.paired, [])
    assert (own / "out" / "predictions.npz").read_bytes() == (own / "base" / "predictions.npz").read_bytes()
    assert report_of(own).verdict == "pass"


def test_alone_it_has_everything_but_what_needs_the_float_model(quantci: Command, own: Path) -> None:
    done = quantci("pipeline", "--baseline", "base", cwd=own)
    assert done.code == 0, done.err
    made, now = evaluated(own, "base"), evaluated(own)
    assert [step.name for step in now.steps] == ["int8-litert", "int8-oracle"]
    assert [step.metrics for step in now.steps] == [step.metrics for step in made.steps[1:]]
    assert [(one.name, "model.source" in one.reason) for one in now.absent_steps] == [("float", True)]
    assert (now.float_sha256, now.paired) == (None, None)
    against = known(now.against_base)
    assert (against.reused, against.run_again, against.paired.delta) == (180, 0, 0)
    assert quantized(own).source is None
    assert not (own / "out" / "model_float.tflite").exists()
    report = report_of(own)
    assert report.verdict == "pass"
    assert known(known(report.embed).arena).recommended_bytes > 0
    assert known(known(report.embed).latency).total_us
    assert "No float model was given" in done.out
    assert "| Metric | Base | This change | Difference |" in done.out


def test_a_gate_on_the_loss_is_inconclusive_without_a_float_model(quantci: Command, own: Path) -> None:
    done = quantci("pipeline", "--gates-max-metric-drop", "0.05", cwd=own)
    assert done.code == 0, done.err
    report = report_of(own)
    assert (report.verdict, "no float model" in report.verdict_reason) == ("inconclusive", True)
    assert (
        quantci("report", "--gates-max-metric-drop", "0.05", "--gates-fail-on-inconclusive", "true", cwd=own).code == 3
    )


def test_its_shards_merge_to_the_bytes_of_one_run(quantci: Command, own: Path) -> None:
    assert quantci("quantize", cwd=own).code == 0
    assert quantci("evaluate", cwd=own).code == 0
    whole = masked((own / "out" / "evaluate.json").read_text()), (own / "out" / "predictions.npz").read_bytes()
    for k in (1, 2):
        assert quantci("evaluate", "--shard", f"{k}/2", cwd=own).code == 0
    done = quantci("merge", cwd=own)
    assert done.code == 0, done.err
    assert "in INT8 on 180 samples" in done.out
    assert (
        masked((own / "out" / "evaluate.json").read_text()),
        (own / "out" / "predictions.npz").read_bytes(),
    ) == whole


def test_what_needs_the_float_model_says_so_and_has_it_where_it_is_named(quantci: Command, own: Path) -> None:
    assert quantci("quantize", cwd=own).code == 0
    for command in ("diagnose", "probe"):
        done = quantci(command, cwd=own)
        assert (done.code, "[no-float-model]" in done.err) == (2, True), done.err
    assert quantci("quantize", "--config", "both.toml", cwd=own).code == 0
    done = quantci("diagnose", "--config", "both.toml", cwd=own)
    assert done.code == 0, done.err


def test_one_of_tensorflow_1_is_judged_in_litert_and_embed_refuses_it_by_name(quantci: Command, own: Path) -> None:
    (own / "old.tflite").write_bytes(old_uint8((own / "own.tflite").read_bytes()))
    done = quantci("pipeline", "--config", "both.toml", "--model-quantized", "old.tflite", cwd=own)
    assert done.code == 2
    assert "TFLM has no kernel in uint8 for CONV_2D" in done.err
    now, made = evaluated(own), evaluated(own, "base")
    assert ([step.name for step in now.steps], now.oracle) == (["float", "int8-litert"], "litert")
    assert [one.name for one in now.absent_steps] == ["int8-oracle"]
    assert "CONV_2D" in now.absent_steps[0].reason
    assert now.headline(-1) == pytest.approx(made.headline(-1), abs=0.05), "the same network, a little coarser"
    assert report_of(own).verdict == "fail"


def test_inspect_shows_what_it_needs_on_the_chip_without_a_configuration(quantci: Command, own: Path) -> None:
    (own / "elsewhere").mkdir()
    done = quantci("inspect", "../own.tflite", cwd=own / "elsewhere")
    arena, latency = done.out.splitlines()[-2:]
    assert arena.startswith("tensor arena on ESP32-S3, estimated: ")
    assert latency.startswith("latency on the chip, estimated and not measured: ")
    assert "at\N{NO-BREAK SPACE}240\N{NO-BREAK SPACE}MHz" in latency or "at 240 MHz" in latency
    slow = quantci("inspect", "../own.tflite", "--target-clock-hz", 160_000_000, cwd=own / "elsewhere").out
    assert "160" in slow.splitlines()[-1]
    wrong = quantci("inspect", "../own.tflite", "--target-chip", "z80", cwd=own / "elsewhere")
    assert (wrong.code, "--target-chip: There is no chip 'z80'" in wrong.err) == (2, True)
    (own / "old.tflite").write_bytes(old_uint8((own / "own.tflite").read_bytes()))
    assert "TFLM does not run this model" in quantci("inspect", "old.tflite", cwd=own).out
    assert "the model is not quantized" in quantci("inspect", own / "base" / "model_float.tflite", cwd=own).out


def test_embed_takes_it_without_a_configuration(quantci: Command, own: Path) -> None:
    folder = own / "elsewhere"
    folder.mkdir()
    done = quantci("embed", "--model", "../own.tflite", "--embed-component", "mine", cwd=folder)
    assert done.code == 0, done.err
    assert (folder / "build/quantci/component/mine/include/mine/model.h").is_file()
    assert "at 240 MHz" in done.out
    assert quantci("embed", "--model", "../own.tflite", "--config", "none.toml", cwd=folder).code == 2
    assert "[config-not-found]" in quantci("embed", cwd=folder).err


def test_init_on_an_int8_file_writes_a_configuration_that_works(quantci: Command, own: Path, images: Path) -> None:
    done = quantci("init", "own.tflite", "--force", "--evaluation-data", images / "validation", cwd=own)
    assert done.code == 0, done.err
    assert "now set the path of the evaluation set" in done.out.lower()
    text = (own / "quantci.toml").read_text()
    assert "the integers of its input stand for about -1 to 1" in text
    assert not {"[calibration]", "[quantization]", "max_metric_drop", "quantci probe"} & set(text.split())
    labels = ("--task-labels", "dark,bright,striped")
    done = quantci("pipeline", *labels, "--output-dir", "out", cwd=own)
    assert done.code == 0, done.err
    assert known(report_of(own).evaluate).headline(-1) == evaluated(own, "base").headline(-1)
    report = decode((own / "base" / "report.json").read_bytes(), Report)
    source = known(known(report.config).model.source)
    done = quantci("init", own / source, "--quantized", "own.tflite", "--force", cwd=own)
    assert done.code == 0, done.err
    data = ("--evaluation-data", images / "validation")
    done = quantci("pipeline", *labels, *data, "--output-dir", "out", cwd=own)
    assert done.code == 0, done.err
    assert evaluated(own).paired == evaluated(own, "base").paired


def test_in_a_workflow_it_stays_in_the_workspace_and_its_outputs_are_empty(
    quantci: Command, own: Path, images: Path
) -> None:
    outside = own.parent / "outside.tflite"
    shutil.copy(own / "own.tflite", outside)

    def action(name: str, **variables: str) -> tuple[int, str]:
        file = own / "outputs.txt"
        file.unlink(missing_ok=True)
        environment = {**os.environ, "GITHUB_WORKSPACE": str(own), "GITHUB_OUTPUT": str(file), **variables}
        done = quantci("action", name, cwd=own, environment=environment)
        return done.code, file.read_text() if file.exists() else done.err

    code, text = action("quantize", QUANTCI_MODEL_QUANTIZED=str(outside))
    assert (code, "outside-workspace" in text) == (2, True), text
    shutil.copytree(images / "validation", own / "validation")
    inside = {"QUANTCI_EVALUATION_DATA": "validation"}
    wanted = {"quantize": "float-model=\n", "evaluate": "float-metric=\n", "embed": "arena-bytes=", "report": "pass\n"}
    for name, line in wanted.items():
        code, text = action(name, **inside)
        assert (code, line in text) == (0, True), text


@pytest.fixture(scope="module")
def converted(sources: Path, images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of every kind that TFLiteConverter writes."""
    folder = tmp_path_factory.mktemp("own")
    maker = Path(__file__).with_name("make_own_int8.py")
    subprocess.run(
        [sys.executable, maker, sources / "model.keras", images / "calibration", folder], check=True, timeout=600
    )
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["int8", "uint8_outside", "float_outside", "int16"])
def test_each_kind_of_tensorflow_s_converter_is_judged_in_tflm(
    quantci: Command, own: Path, converted: Path, kind: str
) -> None:
    done = quantci("pipeline", "--config", "both.toml", "--model-quantized", converted / f"{kind}.tflite", cwd=own)
    assert done.code == 0, done.err
    report = report_of(own)
    record, now = known(report.quantize), known(report.evaluate)
    types = {"int8": "int8", "uint8_outside": "uint8", "float_outside": "float32", "int16": "int16"}
    assert (record.input_type, record.output_type) == (types[kind], types[kind])
    assert [step.name for step in now.steps] == ["float", "int8-litert", "int8-oracle"]
    assert now.steps[1].agreement is not None
    assert known(now.steps[2].agreement).largest_lsb <= (40 if kind == "int16" else 3)
    assert now.headline(-1) == pytest.approx(now.headline(0), abs=0.06)
    assert {gate.name: gate.verdict for gate in report.gates}["int_only"] == "pass"
    assert known(known(report.embed).arena).recommended_bytes > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "code"), [("dynamic_range", "dynamic-range"), ("float16", "not-quantized"), ("model", "not-quantized")]
)
def test_what_is_not_int8_is_refused_with_what_to_do(
    quantci: Command, own: Path, converted: Path, sources: Path, kind: str, code: str
) -> None:
    shutil.copy(converted / f"{kind}.tflite" if kind != "model" else sources / "model.tflite", own / "x_int8.tflite")
    done = quantci("quantize", "--model-quantized", "x_int8.tflite", cwd=own)
    assert (done.code, f"[{code}]" in done.err, "model.source" in done.err) == (2, True, True), done.err
