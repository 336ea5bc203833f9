"""The table of TFLM's ops names ops of the schema, each with a method of its own."""

from __future__ import annotations

from ai_edge_litert import schema_py_generated as schema

from quantci.tflite.tflm_ops import RESOLVER_METHODS


def test_every_op_is_in_the_schema() -> None:
    assert set(RESOLVER_METHODS) <= set(vars(schema.BuiltinOperator))
    assert "CUSTOM" not in RESOLVER_METHODS


def test_every_method_is_named_after_its_op() -> None:
    for op, method in RESOLVER_METHODS.items():
        assert method.upper() == f"ADD{op.replace('_', '')}"
    assert len(set(RESOLVER_METHODS.values())) == len(RESOLVER_METHODS) == 100
