"""The first op that differs is named by what a model that is cut off after it gives."""

from __future__ import annotations

import numpy as np
import pytest

from quantci.bench.first_op import first_different, outputs_crc
from quantci.bench.golden import read_golden
from quantci.records.bench import FirstOp
from quantci.tflite.cut import cut_after
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model
from quantci.tflite.runner import Runner

GOLDEN = read_golden()
INPUT = np.frombuffer(GOLDEN.samples[0][0], np.int8).reshape(1, 64)


def opened(model: Model) -> Runner:
    return open_lite_rt(model, kernels="reference")


def right() -> list[int]:
    return [outputs_crc(opened(cut_after(GOLDEN.model, op)), INPUT) for op in (0, 1)]


def test_the_checksum_is_that_of_the_bytes() -> None:
    """Python's own CRC-32 of the known output, which ends the model's last op."""
    import binascii

    assert right()[1] == binascii.crc32(GOLDEN.samples[0][1])


@pytest.mark.parametrize(("wrong", "named"), [([0], 0), ([1], 1), ([0, 1], 0)])
def test_the_first_of_those_that_differ_is_named(wrong: list[int], named: int) -> None:
    crcs = [crc ^ (op in wrong) for op, crc in enumerate(right())]
    found = first_different(GOLDEN.model, INPUT, "a.png", crcs, opened)
    assert found.op is not None
    assert (found.op.index, found.op.op, found.op.sample) == (named, "FULLY_CONNECTED", "a.png")


def test_a_difference_that_does_not_repeat_is_said() -> None:
    found = first_different(GOLDEN.model, INPUT, "a.png", right(), opened)
    assert found.op is None
    assert "does not repeat" in found.reason


def test_a_device_with_other_ops_is_not_guessed_about() -> None:
    found = first_different(GOLDEN.model, INPUT, "a.png", [1], opened)
    assert found == (None, "The device tells of 1 ops, and the model has 2.")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "op 4, CONV_2D"),
        ("model/conv/Relu", "op 4, CONV_2D (model/conv/Relu)"),
        ("model/conv/Relu;model/conv/BiasAdd;model/conv/Conv2D", "op 4, CONV_2D (model/conv/Relu)"),
        ("x" * 30 + "/stage2/block1/conv", f"op 4, CONV_2D (…{'x' * 20}/stage2/block1/conv)"),
    ],
)
def test_an_op_is_named_by_its_place_and_in_short(name: str, words: str) -> None:
    assert FirstOp(index=4, op="CONV_2D", name=name, sample="a.png").words == words
