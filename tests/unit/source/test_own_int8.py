"""What a .tflite must be to be taken as one's own INT8 model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.models import Op, Tensor, build_model, int8_tree, pack_tree, tiny_float_cnn, tiny_int8_cnn
from tests.old_uint8 import old_uint8

from quantci.errors import ModelRejected
from quantci.source.own_int8 import read_own

if TYPE_CHECKING:
    from pathlib import Path

    from quantci.tflite.model import Model


def taken(data: bytes, folder: Path, name: str = "m.tflite") -> Model:
    (folder / name).write_bytes(data)
    return read_own(folder / name)


def refused(data: bytes, folder: Path) -> ModelRejected:
    with pytest.raises(ModelRejected) as caught:
        taken(data, folder)
    assert str(folder / "m.tflite") in str(caught.value)
    return caught.value


def test_an_int8_file_stays_as_it_is_whatever_its_name_says(tmp_path: Path) -> None:
    model = taken(tiny_int8_cnn(), tmp_path, "model_float32.tflite")
    assert (model.data, model.file_name) == (tiny_int8_cnn(), "model_quant.tflite")


def test_one_of_tensorflow_1_is_one_too(tmp_path: Path) -> None:
    data = old_uint8(tiny_int8_cnn())
    assert taken(data, tmp_path).data == data


def test_a_signature_that_tells_of_an_open_batch_changes_nothing(tmp_path: Path) -> None:
    tree = int8_tree()
    tree.subgraphs[0].tensors[0].shapeSignature = np.array([-1, 8, 8, 3], np.int32)
    data = pack_tree(tree)
    assert taken(data, tmp_path).data == data


def test_where_shapes_are_computed_the_batch_becomes_1(tmp_path: Path) -> None:
    tensors = [
        Tensor("x", [1, 2, 4], "int8", scale=0.1, signature=[-1, 2, 4]),
        *(Tensor(name, [size], "int32") for name, size in (("shape", 3), ("new", 2))),
        *(Tensor(name, data=np.array(value, np.int32)) for name, value in (("0", [0]), ("1", [1]), ("8", 8))),
        Tensor("batch", [], "int32"),
        Tensor("y", [1, 8], "int8", scale=0.1, signature=[-1, 8]),
    ]
    ops = [
        Op("SHAPE", ["x"], ["shape"]),
        Op("STRIDED_SLICE", ["shape", "0", "1", "1"], ["batch"], {"shrinkAxisMask": 1}),
        Op("PACK", ["batch", "8"], ["new"], {"axis": 0, "valuesCount": 2}),
        Op("RESHAPE", ["x", "new"], ["y"]),
    ]
    model = taken(build_model(tensors, ops, ["x"], ["y"]), tmp_path)
    assert [op.op for op in model.summary.ops] == ["RESHAPE"]
    assert model.summary.dynamic_tensors == []


def test_a_float_file_is_named_as_one(tmp_path: Path) -> None:
    error = refused(tiny_float_cnn(0), tmp_path)
    assert (error.code, "This is a float model" in error.cause) == ("not-quantized", True)
    assert "model.source" in error.remedy


def test_so_is_one_with_weights_in_16_bits(tmp_path: Path) -> None:
    weights = Tensor("w", data=np.ones((3, 4), np.float16))
    tensors = [Tensor("x", [1, 4]), weights, Tensor("wide", [3, 4]), Tensor("y", [1, 3])]
    ops = [Op("DEQUANTIZE", ["w"], ["wide"]), Op("FULLY_CONNECTED", ["x", "wide", ""], ["y"])]
    error = refused(build_model(tensors, ops, ["x"], ["y"]), tmp_path)
    assert (error.code, "16 bits" in error.cause) == ("not-quantized", True)


def test_a_dynamic_range_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    weights = Tensor("dense/weights", data=np.ones((3, 4), np.int8), scale=0.01)
    tensors = [Tensor("x", [1, 4]), weights, Tensor("y", [1, 3])]
    ops = [Op("FULLY_CONNECTED", ["x", "dense/weights", ""], ["y"])]
    error = refused(build_model(tensors, ops, ["x"], ["y"]), tmp_path)
    assert (error.code, "dense/weights" in error.cause) == ("dynamic-range", True)
    assert "representative_dataset" in error.remedy


def test_a_float_head_is_named(tmp_path: Path) -> None:
    tensors = [Tensor("x", [1, 4], "int8", scale=0.1), Tensor("c", [1, 4]), Tensor("y", [1, 4])]
    ops = [Op("DEQUANTIZE", ["x"], ["c"]), Op("ELU", ["c"], ["y"])]
    error = refused(build_model(tensors, ops, ["x"], ["y"]), tmp_path)
    assert (error.code, "ELU (y)" in error.cause) == ("float-op", True)


@pytest.mark.parametrize("head", [b"\x89HDF\r\n\x1a\n", b"PK\x03\x04" + bytes(26) + b"metadata.json"])
def test_a_keras_file_is_not_one(tmp_path: Path, head: bytes) -> None:
    assert refused(head + bytes(100), tmp_path).code == "not-quantized"
