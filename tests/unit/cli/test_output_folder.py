"""What a run left in its output folder is read once, and what is out of date is forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.golden import example_embed_record, example_quantize_record, failed_quantize_record, sha
from tests.known import known

from quantci.cli.output_folder import OutputFolder
from quantci.errors import ConfigError, ModelRejected
from quantci.records.base import write
from quantci.records.quantize import QuantizeRecord
from quantci.records.stages import EMBED, QUANTIZE
from quantci.tflite.model import Model


@pytest.fixture
def folder(tmp_path: Path) -> OutputFolder:
    """An output folder that is not there yet."""
    return OutputFolder(tmp_path / "out", tmp_path, None)


def of_models(float_model: bytes, quantized_model: bytes) -> QuantizeRecord:
    """A record that describes these two."""
    record = example_quantize_record()
    result = record.result
    assert result is not None
    first = replace(known(result.float_model), sha256=sha(float_model.decode()))
    second = replace(result.quantized_model, sha256=sha(quantized_model.decode()))
    return replace(record, result=replace(result, float_model=first, quantized_model=second))


def test_a_record_is_read_once(folder: OutputFolder) -> None:
    write(folder.path / "quantize.json", example_quantize_record())
    first = folder.record(QUANTIZE)
    (folder.path / "quantize.json").write_text("changed meanwhile")
    assert folder.record(QUANTIZE) is first


def test_one_that_was_written_is_not_read_at_all(folder: OutputFolder) -> None:
    record = example_quantize_record()
    folder.write("quantize.json", record)
    assert folder.record(QUANTIZE) is record


def test_records_are_those_that_are_there(folder: OutputFolder) -> None:
    assert folder.records() == {}
    for record in (example_quantize_record(), example_embed_record()):
        folder.write(f"{record.stage}.json", record)
    assert list(folder.records()) == ["quantize", "embed"]


def test_what_is_removed_is_forgotten(folder: OutputFolder) -> None:
    for record in (example_quantize_record(), example_embed_record()):
        folder.write(f"{record.stage}.json", record)
    kept = folder.record(QUANTIZE)
    folder.remove(["embed.json", "evaluate-*.npz"])
    assert folder.record(QUANTIZE) is kept
    with pytest.raises(ConfigError, match=r"There is no embed\.json here.*quantci embed"):
        folder.record(EMBED)


def test_models_are_read_once_and_again_when_the_record_names_others(folder: OutputFolder) -> None:
    folder.write("quantize.json", of_models(b"float", b"int8"))
    (folder.path / "model_float.tflite").write_bytes(b"float")
    (folder.path / "model_quant.tflite").write_bytes(b"int8")
    first = folder.quantized_model
    assert (known(folder.float_model).data, first.data) == (b"float", b"int8")
    (folder.path / "model_quant.tflite").write_bytes(b"other")
    assert folder.quantized_model is first
    folder.write("quantize.json", of_models(b"float", b"other"))
    assert folder.quantized_model.data == b"other"


def test_models_that_were_written_are_not_read_at_all(folder: OutputFolder) -> None:
    for name in ("model_float.tflite", "model_quant.tflite"):
        folder.write_model(Model(name.encode(), "source.keras", file_name=name))
    folder.write("quantize.json", of_models(b"model_float.tflite", b"model_quant.tflite"))
    for model in (folder.reference(), folder.quantized_model):
        path = folder.path / model.file_name
        assert path.read_bytes() == model.data == model.file_name.encode()
        path.write_bytes(b"changed meanwhile")
        assert model.where == str(path)
    assert known(folder.float_model).data == b"model_float.tflite"


def test_a_model_that_the_record_does_not_describe_is_refused(folder: OutputFolder) -> None:
    folder.write("quantize.json", of_models(b"float", b"int8"))
    with pytest.raises(ConfigError, match="not-found"):
        _ = folder.float_model
    (folder.path / "model_float.tflite").write_bytes(b"another")
    with pytest.raises(ModelRejected, match="hash-mismatch"):
        _ = folder.float_model


def test_without_a_result_of_quantize_there_is_no_model(folder: OutputFolder) -> None:
    folder.write("quantize.json", failed_quantize_record("model_rejected", "empty", "The file is empty."))
    with pytest.raises(ConfigError, match=r"quantize did not finish: The file is empty.*stage-failed"):
        _ = folder.quantized_model
