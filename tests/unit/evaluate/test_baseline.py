"""A baseline folder is taken only where its three files belong together; whatever else it holds is refused by name."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from tests.golden import LABELS, example_config, example_report, sha
from tests.models import tiny_int8_cnn

from quantci.data.sample import Sample
from quantci.data.tally import Tally
from quantci.errors import QuantciError
from quantci.evaluate.baseline import Base, read_base, read_with
from quantci.evaluate.score import Batch
from quantci.records.baseline_folder import Baseline
from quantci.records.config import Config, TaskConfig
from quantci.records.input_config import InputConfig
from quantci.records.report import Report
from quantci.tasks.classification import Classification
from quantci.tflite.oracle import oracle_name

IDS = ["green/1.png", "off/2.png"]
KEPT = np.array([[1, 2, 3, 4], [5, 6, 7, 8]], np.int8)
MODEL = tiny_int8_cnn()
TASK = Classification(labels=LABELS)


def arrays(**changed: Any) -> dict[str, Any]:
    digests = bytes.fromhex(sha("one") + sha("two"))
    found = {
        "id": np.array(IDS),
        "content_sha256": np.frombuffer(digests, np.uint8).reshape(2, 32),
        "label_names": np.array(LABELS),
        "int8_oracle": KEPT,
        "float": np.zeros((2, 4), np.float32),
    }
    return found | changed


def npz(content: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **content)
    return buffer.getvalue()


def report_of(predictions: bytes, model: bytes = MODEL) -> Report:
    """Of two samples, by the interpreter and the packages that are here."""
    made = example_report()
    quantize, evaluate = made.quantize, made.evaluate
    assert quantize is not None
    assert evaluate is not None
    steps = [*evaluate.steps[:2], replace(evaluate.steps[2], interpreter=oracle_name("litert-reference"))]
    summary = replace(quantize.quantized_model, sha256=hashlib.sha256(model).hexdigest())
    return replace(
        made,
        config=replace(example_config(), input=InputConfig(mean=(127.5,), std=(127.5,))),
        quantize=replace(quantize, quantized_model=summary),
        evaluate=replace(
            evaluate,
            dataset=replace(evaluate.dataset, used=2),
            steps=steps,
            read_with=read_with(),
            predictions_sha256=hashlib.sha256(predictions).hexdigest(),
        ),
    )


def folder(path: Path, predictions: bytes, model: bytes = MODEL) -> Baseline:
    (path / "model_quant.tflite").write_bytes(model)
    (path / "predictions.npz").write_bytes(predictions)
    return Baseline(path, report_of(predictions, model))


def take(baseline: Baseline, config: Config | None = None) -> Base:
    return read_base(baseline, config or example_config(), TASK, "litert-reference")


def test_a_sound_baseline_gives_its_model_its_input_and_its_outputs(tmp_path: Path) -> None:
    base = take(folder(tmp_path, npz(arrays())))
    assert base.model.data == MODEL
    assert (base.preprocessing.config.mean, base.preprocessing.shape) == ((127.5,), (1, 8, 8, 3))
    assert base.digests == {IDS[0]: sha("one"), IDS[1]: sha("two")}
    assert base.kept[base.places[IDS[1]]].tolist() == [5, 6, 7, 8]
    assert (base.side.labels, base.side.changes) == (list(LABELS), [])
    assert base.side.base.quantized_sha256 == hashlib.sha256(MODEL).hexdigest()


@pytest.mark.parametrize(
    ("again", "rows"),
    [
        ([False, False], [[5, 6, 7, 8], [1, 2, 3, 4]]),
        ([True, False], [[9, 9, 9, 9], [1, 2, 3, 4]]),
        ([True, True], [[9, 9, 9, 9], [9, 9, 9, 9]]),
    ],
)
def test_a_batch_is_filled_from_the_predictions_and_from_what_was_run_again(
    tmp_path: Path, again: list[bool], rows: list[list[int]]
) -> None:
    base = take(folder(tmp_path, npz(arrays())))
    samples = [Sample(name, Path(name), None, (), name, None) for name in reversed(IDS)]
    ran = np.full((sum(again), 4), 9, np.int8) if any(again) else np.array([])
    batch = Batch(samples, Tally(), {}, {}, {}, ran, np.array(again))
    assert base.outputs_of(batch).tolist() == rows
    assert base.digests_of(samples[:1]) == {IDS[1]: sha("two")}


def test_nothing_holds_where_another_version_read_the_samples_or_judged(tmp_path: Path) -> None:
    baseline = folder(tmp_path, npz(arrays()))
    evaluate = baseline.report.evaluate
    assert evaluate is not None
    old = replace(evaluate, read_with=read_with() | {"pillow": "1.0"})
    base = take(Baseline(tmp_path, replace(baseline.report, evaluate=old)))
    assert base.digests == {}
    assert base.side.changes == [f"pillow was 1.0 and is {read_with()['pillow']}"]
    steps = [*evaluate.steps[:2], replace(evaluate.steps[2], interpreter="TFLM 1")]
    base = take(Baseline(tmp_path, replace(baseline.report, evaluate=replace(evaluate, steps=steps))))
    assert base.digests == {}
    assert base.side.changes[0].startswith("the oracle was TFLM 1 and is ")


def code_of(run: Callable[[], object]) -> str:
    with pytest.raises(QuantciError) as caught:
        run()
    return caught.value.code


@pytest.mark.parametrize("missing", ["config", "read_with"])
def test_a_baseline_of_an_older_quantci_is_refused(tmp_path: Path, missing: str) -> None:
    baseline = folder(tmp_path, npz(arrays()))
    report = baseline.report
    assert report.evaluate is not None
    older = (
        replace(report, config=None)
        if missing == "config"
        else replace(report, evaluate=replace(report.evaluate, read_with={}))
    )
    assert code_of(lambda: take(Baseline(tmp_path, older))) == "baseline-old"
    assert code_of(lambda: take(Baseline(tmp_path, replace(report, evaluate=None)))) == "baseline-old"


def test_a_baseline_of_another_task_is_refused(tmp_path: Path) -> None:
    baseline = folder(tmp_path, npz(arrays()))
    config = replace(example_config(), task=TaskConfig(kind="regression"))
    assert code_of(lambda: take(baseline, config)) == "baseline-task"


@pytest.mark.parametrize("name", ["model_quant.tflite", "predictions.npz"])
def test_a_file_that_is_missing_a_link_a_pipe_or_tampered_with_is_refused(tmp_path: Path, name: str) -> None:
    baseline = folder(tmp_path, npz(arrays()))
    path = tmp_path / name
    data = path.read_bytes()
    path.write_bytes(data + b"\0")
    assert code_of(lambda: take(baseline)) == "baseline-damaged"
    path.unlink()
    assert code_of(lambda: take(baseline)) == "baseline-file"
    (tmp_path / "elsewhere").write_bytes(data)
    path.symlink_to(tmp_path / "elsewhere")
    assert code_of(lambda: take(baseline)) == "baseline-file"
    path.unlink()
    os.mkfifo(path)
    assert code_of(lambda: take(baseline)) == "baseline-file"
    path.unlink()
    path.mkdir()
    assert code_of(lambda: take(baseline)) == "baseline-file"
    path.rmdir()
    path.touch()
    os.truncate(path, 1024**4)
    assert code_of(lambda: take(baseline)) == "baseline-file"


def bomb() -> bytes:
    """An array whose header tells the truth, and whose bytes go on for ever."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays().items():
            out = io.BytesIO()
            np.save(out, array)
            more = b"\0" * 50_000_000 if name == "int8_oracle" else b""
            archive.writestr(f"{name}.npy", out.getvalue() + more)
    return buffer.getvalue()


HOSTILE: dict[str, Callable[[], bytes]] = {
    "not-an-archive": lambda: b"PK",
    "pickle": lambda: npz(arrays(id=np.array([{}, {}], object))),
    "too-few-ids": lambda: npz(arrays(id=np.array(IDS[:1]))),
    "numbers-for-ids": lambda: npz(arrays(id=np.array([1, 2]))),
    "code-points-that-do-not-exist": lambda: npz(arrays(id=np.array([0xFFFFFFFF, 1], "<u4").view("<U1"))),
    "short-digests": lambda: npz(arrays(content_sha256=np.zeros((2, 8), np.uint8))),
    "wide-outputs": lambda: npz(arrays(int8_oracle=np.zeros((2, 5), np.int8))),
    "other-type": lambda: npz(arrays(int8_oracle=KEPT.astype(np.float64))),
    "fortran": lambda: npz(arrays(int8_oracle=np.asfortranarray(KEPT))),
    "five-labels": lambda: npz(arrays(label_names=np.array([*LABELS, "x"]))),
    "double-label": lambda: npz(arrays(label_names=np.array(["a", "a", "b", "c"]))),
    "no-oracle": lambda: npz({name: array for name, array in arrays().items() if name != "int8_oracle"}),
    "bomb": bomb,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_predictions_that_no_run_writes_are_refused(tmp_path: Path, name: str) -> None:
    assert code_of(lambda: take(folder(tmp_path, HOSTILE[name]()))) == "baseline-damaged"


def test_a_model_that_is_none_is_refused_as_any_model_is(tmp_path: Path) -> None:
    assert code_of(lambda: take(folder(tmp_path, npz(arrays()), b"\x1c\0\0\0TFL3" + b"\xff" * 200))) == "malformed"
