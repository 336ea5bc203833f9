"""The names of the schema's numbers."""

from __future__ import annotations

import pytest
from ai_edge_litert import schema_py_generated as schema

from quantci.tflite.enums import enum_names


@pytest.mark.parametrize("enum", ["TensorType", "BuiltinOperator", "BuiltinOptions", "QuantizationDetails"])
def test_only_members_have_a_name(enum: str) -> None:
    """From Python 3.13 on, a class keeps the number of its first line as well."""
    names = enum_names(enum)
    assert all(getattr(schema, enum).__dict__[name] == number for number, name in names.items())
    assert not [name for name in names.values() if name.startswith("__")]
