"""The .npz of a shard is strangers' data: what no run can have written is refused, and costs no memory."""

from __future__ import annotations

import io
import pickle
import tracemalloc
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.unit.embed.sample import tensor_info

from quantci.errors import ToolError
from quantci.evaluate.scored import no_outputs
from quantci.evaluate.shard_outputs import Outputs, most_bytes, pack, unpack
from quantci.evaluate.steps import STEPS
from quantci.tasks.anomaly import Anomaly
from quantci.tasks.classification import Classification

NOTHING = no_outputs([tensor_info("y", [1, 3], [0.5], [0])], Classification(), STEPS)


def outputs(samples: int = 2) -> Outputs:
    random = np.random.RandomState(0)
    integers = [random.randint(-128, 128, (samples, 3)).astype(np.int8) for _ in STEPS[1:]]
    arrays: list[NDArray[np.generic]] = [random.rand(samples, 3).astype(np.float32), *integers]
    return Outputs(
        dict(zip(STEPS, arrays, strict=True)),
        {step: random.rand(samples, 4).round() for step in STEPS[1:]},
        {step: random.rand(samples) for step in STEPS},
    )


def with_member(name: str, content: bytes, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The archive with one member's bytes put in place of its own."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(pack(outputs()))) as old, zipfile.ZipFile(buffer, "w") as new:
        for info in old.infolist():
            own = info.filename == name
            new.writestr(info.filename, content if own else old.read(info), compression if own else None)
    return buffer.getvalue()


def header(shape: str, dtype: str = "<f8", *, fortran: bool = False) -> bytes:
    """The beginning of a .npy that claims this."""
    text = f"{{'descr': '{dtype}', 'fortran_order': {fortran}, 'shape': {shape}, }}".encode()
    text = text.ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize("samples", [0, 1, 50])
def test_what_is_packed_is_unpacked(samples: int) -> None:
    packed = pack(outputs(samples))
    assert len(packed) <= most_bytes(samples, NOTHING)
    again = unpack(packed, samples, NOTHING, "x.npz")
    before = flat(outputs(samples))
    after = flat(again)
    assert [(name, array.dtype) for name, array in before] == [(name, array.dtype) for name, array in after]
    for (_, one), (_, other) in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)


def flat(found: Outputs) -> list[tuple[str, Any]]:
    return [*found.outputs.items(), *found.differences.items(), *found.invoke_us.items()]


def test_noise_that_cannot_be_compressed_stays_below_the_bound() -> None:
    noise = outputs(5000)
    for _, array in flat(noise):
        array.view(np.uint8)[:] = np.random.RandomState(0).randint(0, 256, array.view(np.uint8).shape)
    assert len(pack(noise)) <= most_bytes(5000, NOTHING)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("float_us", None),
        ("../../escape", np.zeros(2)),
        ("float", np.zeros((2, 3))),
        ("float", np.zeros((2, 4), np.float32)),
        ("float", np.asfortranarray(np.zeros((2, 3), np.float32))),
        ("int8_oracle", np.zeros((2, 3), np.uint8)),
        ("int8_oracle", np.zeros((1, 3), np.int8)),
        ("int8_oracle_us", np.array([1.0, np.nan])),
        ("int8_oracle_us", np.array([-1.0, 0.0])),
        ("float_us", np.array([np.inf, 0.0])),
        ("int8_litert_differences", np.full((2, 4), 0.5)),
        ("int8_litert_differences", np.array([[0, -1, 0, 0], [0, 0, 0, 0.0]])),
        ("int8_litert_differences", np.array([[0, 1e200, 0, 0], [0, 0, 0, 0.0]])),
        ("int8_litert_differences", np.array([[0, 1, np.nan, 0], [0, 0, 0, 0.0]])),
        ("int8_litert_differences", np.array([[0, 1, 0, 2], [0, 0, 0, 0.0]])),
        ("int8_litert_differences", np.array([[0, 1, 0, np.nan], [0, 0, 0, 0.0]])),
    ],
)
def test_arrays_that_no_run_writes_are_refused(name: str, value: Any) -> None:
    with np.load(io.BytesIO(pack(outputs()))) as file:
        arrays = {own: file[own] for own in file.files}
    arrays[name] = value
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{key: array for key, array in arrays.items() if array is not None})
    with pytest.raises(ToolError, match=r"^x.npz: .*\[schema\]$"):
        unpack(buffer.getvalue(), 2, NOTHING, "x.npz")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_outputs_that_are_not_finite_are_left_to_the_judge(value: float) -> None:
    """An anomaly score, whose differences are not finite either."""
    broken = outputs()
    broken.outputs["float"][0, 0] = value
    broken.differences["int8-litert"][0] = np.nan
    found = unpack(pack(broken), 2, NOTHING, "x.npz")
    np.testing.assert_array_equal(found.outputs["float"], broken.outputs["float"])


def test_a_single_output_has_no_cosine() -> None:
    alone = outputs()
    for rows in alone.differences.values():
        rows[:, 3] = np.nan
    assert np.isnan(unpack(pack(alone), 2, NOTHING, "x.npz").differences["int8-oracle"][:, 3]).all()


def test_a_score_whose_mean_would_not_be_finite_is_refused() -> None:
    nothing = no_outputs([tensor_info("y", [1, 3], [0.5], [0])], Anomaly(), STEPS)
    found = outputs()
    for step in STEPS:
        found.outputs[step] = np.full((2, 1), 1e308)
    with pytest.raises(ToolError, match="schema"):
        unpack(pack(found), 2, nothing, "x.npz")


class Harm:
    """Unpickled, it would end the process."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return pytest.exit, ("a pickle was read",)


@pytest.mark.parametrize(
    ("content", "compression"),
    [
        (header("(1000000000000,)"), zipfile.ZIP_DEFLATED),
        (header("(2,)") + bytes(10**8), zipfile.ZIP_DEFLATED),
        (header("(2,)") + bytes(16), zipfile.ZIP_BZIP2),
        (header("(2,)") + bytes(15), zipfile.ZIP_DEFLATED),
        (header("(2,)", fortran=True) + bytes(16), zipfile.ZIP_DEFLATED),
        (header("(2,)", ">f8") + bytes(16), zipfile.ZIP_DEFLATED),
        (header("(2,)", "|O") + pickle.dumps(Harm()), zipfile.ZIP_DEFLATED),
        (header("(2L,)") + bytes(16), zipfile.ZIP_DEFLATED),
        (header("(" * 90), zipfile.ZIP_DEFLATED),
        (b"\x93NUMPY\x02\x00" + header("(2,)")[8:], zipfile.ZIP_DEFLATED),
        (b"", zipfile.ZIP_STORED),
    ],
    ids=["terabytes", "bomb", "bzip2", "short", "fortran", "big-endian", "pickle", "python 2", "nested", "v2", "empty"],
)
def test_a_forged_member_is_refused_without_taking_its_word(content: bytes, compression: int) -> None:
    forged = with_member("float_us.npy", content, compression)
    tracemalloc.start()
    try:
        with pytest.raises(ToolError, match=r"^x.npz: .*\[schema\]$"):
            unpack(forged, 2, NOTHING, "x.npz")
        assert tracemalloc.get_traced_memory()[1] < 10**7
    finally:
        tracemalloc.stop()


def test_a_damaged_archive_is_refused_wherever_it_is_cut_or_hit() -> None:
    packed = pack(outputs())
    for place in range(0, len(packed), 7):
        hit = packed[:place] + bytes([packed[place] ^ 0x55]) + packed[place + 1 :]
        for damaged in (packed[:place], hit):
            try:
                unpack(damaged, 2, NOTHING, "x.npz")
            except ToolError as error:
                assert error.code == "schema"  # noqa: PT017  a byte that nothing depends on may be hit, too
