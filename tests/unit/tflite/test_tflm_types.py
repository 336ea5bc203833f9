"""What inspect says about types."""

from __future__ import annotations

import pytest

from quantci.tflite.tflm_ops import RESOLVER_METHODS
from quantci.tflite.tflm_types import TRIED, TYPES, lacks_type


@pytest.mark.parametrize(
    ("op", "dtype", "expected"),
    [
        ("SQUARE", "int8", True),
        ("SQUARE", "float32", False),
        ("RESIZE_BILINEAR", "int16", True),
        ("CONV_2D", "uint8", True),
        ("RESHAPE", "uint8", False),
        ("CONV_2D", "float16", False),  # was not tried
        ("SVDF", "int8", False),  # keeps state: was not tried
        ("GELU", "int8", False),  # TFLM has no such op: another line says so
    ],
)
def test_a_type_is_lacking_only_where_it_was_tried(op: str, dtype: str, expected: bool) -> None:
    assert lacks_type(op, dtype) is expected


def test_the_table_is_about_ops_that_tflm_has() -> None:
    assert set(TYPES) <= set(RESOLVER_METHODS)
    assert {dtype for types in TYPES.values() for dtype in types.split()} == TRIED
