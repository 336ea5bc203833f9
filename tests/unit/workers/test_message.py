"""Answers from a jail are data: whatever it sends, nothing runs, and nothing but our errors is raised."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantci.errors import ConfigError, QuantciError, ToolError
from quantci.workers import message


def sent(function: Any) -> Any:
    return message.result(message.answer(function), "model.keras")


def test_values_come_through() -> None:
    assert sent(lambda: (b"\0\1", "keras", None, 3)) == [b"\0\1", "keras", None, 3]
    arrays = sent(lambda: [np.arange(6, dtype=np.float32).reshape(2, 3)])
    np.testing.assert_array_equal(arrays[0], [[0, 1, 2], [3, 4, 5]])
    assert arrays[0].dtype == np.float32


def test_errors_come_through() -> None:
    def fail() -> None:
        raise ConfigError("signature", "No such signature.", remedy="Name another.", where="folder")

    with pytest.raises(ConfigError) as caught:
        sent(fail)
    assert str(caught.value) == "folder: No such signature. Name another. [signature]"


@pytest.mark.parametrize(("error", "code"), [(MemoryError(), "out-of-memory"), (KeyError("x"), "bug")])
def test_other_errors_have_a_code(error: Exception, code: str) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(ToolError) as caught:
        sent(fail)
    assert caught.value.code == code


class Evil:
    """A pickle that makes a folder when it is loaded."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("marker",)


def test_a_pickle_is_never_loaded() -> None:
    array = io.BytesIO()
    np.save(array, np.array([Evil()], dtype=object), allow_pickle=True)
    extension = msgspec.msgpack.Ext(1, array.getvalue())
    for data in (pickle.dumps(Evil()), msgspec.msgpack.encode([True, extension])):
        with pytest.raises(ToolError) as caught:
            message.result(data, "model.keras")
        assert caught.value.code == "worker"


@given(
    st.binary(max_size=200)
    | st.lists(st.none() | st.booleans() | st.text() | st.integers(0, 9)).map(msgspec.msgpack.encode)
)
def test_no_answer_raises_anything_else(data: bytes) -> None:
    with contextlib.suppress(QuantciError):
        message.result(data, "model.keras")


def test_a_message_that_is_cut_or_claims_too_much_is_no_message() -> None:
    file = io.BytesIO()
    message.send(file, b"hello")
    assert message.receive(io.BytesIO(file.getvalue())) == b"hello"
    for data in (file.getvalue()[:-1], b"\xff" * 8, b""):
        with pytest.raises(EOFError):
            message.receive(io.BytesIO(data))
