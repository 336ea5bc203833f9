"""A model is looked at once, however many ask, and goes to a worker as it was made."""

from __future__ import annotations

import hashlib
import pickle
from typing import TYPE_CHECKING, Any

import pytest
from tests.models import tiny_float_cnn, tiny_int8_cnn

from quantci.errors import ModelRejected
from quantci.tflite.flatbuffer import parse
from quantci.tflite.model import Model

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was parsed, by the name that an error would have."""
    found: list[str] = []

    def counted(data: bytes, where: str) -> Any:
        found.append(where)
        return parse(data, where)

    monkeypatch.setattr("quantci.tflite.model.parse", counted)
    return found


def test_nothing_is_parsed_before_it_is_asked_for_and_everything_once(parsed: list[str]) -> None:
    data = tiny_int8_cnn()
    model = Model(data, "out/model_quant.tflite")
    assert (model.file_name, model.sha256) == ("model_quant.tflite", hashlib.sha256(data).hexdigest())
    assert parsed == []
    assert model.summary is model.summary
    assert model.tree is model.tree
    assert model.tensor_names[0] == "image"
    model.draft()
    assert parsed == ["out/model_quant.tflite"]


def test_what_no_interpreter_may_see_is_refused_at_every_look(parsed: list[str]) -> None:
    model = Model(b"\0\0\0\0TFL3" + bytes(8), "broken.tflite")
    for look in (lambda: model.tree, lambda: model.summary, model.draft, lambda: model.tensor_names):
        with pytest.raises(ModelRejected) as caught:
            look()
        assert (caught.value.code, caught.value.where) == ("malformed", "broken.tflite")
    assert len(parsed) == 4


def test_a_pickled_model_takes_along_what_it_was_made_from(parsed: list[str]) -> None:
    data = tiny_int8_cnn()
    model = Model(data, "source.tflite", file_name="model_quant.tflite", tensor_names=["a"])
    fresh = pickle.dumps(model)
    assert model.summary.ops
    assert pickle.dumps(model) == fresh
    assert len(fresh) < len(data) + 500
    arrived = pickle.loads(fresh)
    assert (arrived.data, arrived.where, arrived.file_name) == (data, "source.tflite", "model_quant.tflite")
    assert len(parsed) == 1
    assert arrived.summary == model.summary


def test_a_draft_is_the_callers_own() -> None:
    model = Model(tiny_float_cnn(0), "source.keras", file_name="model_float.tflite")
    draft = model.draft()
    draft.subgraphs[0].tensors[0].name = b"another"
    changed = model.changed(draft)
    assert (changed.where, changed.file_name) == ("source.keras", "model_float.tflite")
    assert (changed.tensor_names[0], model.tensor_names[0]) == ("another", "image")
    assert changed.sha256 != model.sha256


def test_names_that_were_given_are_those_of_a_model_that_lost_its_own() -> None:
    data = tiny_int8_cnn()
    own = Model(data, "m").tensor_names
    given = [f"layer {index}" for index in range(len(own))]
    assert list(Model(data, "m", tensor_names=given).tensor_names) == given
    assert list(Model(data, "m", tensor_names=given[1:]).tensor_names) == list(own), "they are of another model"


def test_a_file_is_named_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(tiny_int8_cnn())
    assert (Model.read(path).where, Model.read(path).file_name) == (str(path), "m.tflite")


def test_a_model_that_was_written_is_found_at_its_file_and_not_read_again(parsed: list[str]) -> None:
    model = Model(tiny_int8_cnn(), "source.keras", file_name="model_quant.tflite", tensor_names=["a"])
    summary = model.summary
    moved = model.at("out/model_quant.tflite")
    assert (moved.where, moved.file_name, moved.data) == ("out/model_quant.tflite", "model_quant.tflite", model.data)
    assert moved.summary is summary
    assert parsed == ["source.keras"]
    assert model.where == "source.keras"
