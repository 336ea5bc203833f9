"""`quantci embed --model FILE`: models that quantize did not make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from tests.golden import example_config
from tests.models import Op, Tensor, build_model, float_model_with_custom_op, tiny_float_cnn, tiny_int8_cnn

from quantci.embed.run import embed
from quantci.errors import ModelRejected
from quantci.progress import silent
from quantci.records.embed import EmbedResult
from quantci.records.target_config import TargetConfig
from quantci.tflite.model import Model


class Worker:
    """In place of the process that asks TFLM how much memory it used."""

    def call(self, *_: object) -> int:
        return 10_000


WORKER = Worker()


def embedded(model: bytes, folder: Path, chip: str = "esp32s3", workers: Any = WORKER) -> EmbedResult:
    return embed(
        replace(example_config(), target=TargetConfig(chip=chip)),
        folder,
        folder,
        model=Model(model, "own.tflite"),
        workers=workers,
        progress=silent,
    )


def int16_image_model() -> bytes:
    """A RELU over an image of 16-bit integers."""
    tensors = [Tensor(name, [1, 4, 4, 3], "int16", scale=1 / 32768) for name in ("image", "out")]
    return build_model(tensors, [Op("RELU", ["image"], ["out"])], ["image"], ["out"])


@pytest.mark.parametrize(
    ("model", "has_table"), [(tiny_int8_cnn(), True), (int16_image_model(), False), (tiny_float_cnn(0), False)]
)
def test_pixels_are_looked_up_only_for_an_input_of_8_bits(tmp_path: Path, model: bytes, *, has_table: bool) -> None:
    result = embedded(model, tmp_path)
    header = (tmp_path / result.component_dir / "include" / result.component / "model.h").read_text()
    assert ("kPixelTable" in header) is has_table
    assert "kInputHeight" in header


@pytest.mark.parametrize(("dtype", "is_picture"), [("float32", False), ("uint8", True)])
def test_an_array_of_rows_and_columns_is_a_picture_only_if_its_values_are_pixels(
    tmp_path: Path, dtype: str, *, is_picture: bool
) -> None:
    """[49, 10, 1] of floats is a spectrogram."""
    tensors = [Tensor(name, [1, 49, 10, 1], "int8", scale=0.1) for name in ("image", "out")]
    model = build_model(tensors, [Op("RELU", ["image"], ["out"])], ["image"], ["out"])
    np.save(tmp_path / "X.npy", np.zeros((3, 49, 10, 1), dtype))
    config = example_config()
    config = replace(config, evaluation=replace(config.evaluation, data="X.npy"))
    result = embed(config, tmp_path, tmp_path, model=Model(model, "own.tflite"), workers=WORKER, progress=silent)  # type: ignore[arg-type]
    header = (tmp_path / result.component_dir / "include" / result.component / "model.h").read_text()
    assert ("kInputHeight" in header) is is_picture
    assert ("kPixelTable" in header) is is_picture
    assert "kInputMean" in header


def test_what_is_not_known_of_a_chip_is_said(tmp_path: Path) -> None:
    assert [advice.code for advice in embedded(tiny_int8_cnn(), tmp_path, "esp32p4").advice] == [
        "latency-unknown",
        "kernels-unknown",
    ]
    assert embedded(tiny_int8_cnn(), tmp_path).advice == []


def test_a_custom_op_is_named_before_tflm_refuses_the_model(tmp_path: Path) -> None:
    class Refuse:
        def call(self, *_: object) -> int:
            pytest.fail("TFLM, which cannot name a custom op, was asked")

    with pytest.raises(ModelRejected, match="TheirOwnOp") as caught:
        embedded(float_model_with_custom_op(), tmp_path, workers=Refuse())
    assert caught.value.code == "custom-op"
