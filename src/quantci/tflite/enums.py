"""Names and sizes behind the numbers of the .tflite schema."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# Bits of one element by lower-case type name. Strings, variants and complex numbers are absent: no microcontroller
# model holds them, and their readers follow offsets inside the data.
BITS: Final[Mapping[str, int]] = {
    "bool": 8,
    "int2": 2,
    "int4": 4,
    "uint4": 4,
    "int8": 8,
    "uint8": 8,
    "int16": 16,
    "uint16": 16,
    "int32": 32,
    "uint32": 32,
    "int64": 64,
    "uint64": 64,
    "float16": 16,
    "bfloat16": 16,
    "float32": 32,
    "float64": 64,
    "float8_e4m3fn": 8,
    "float8_e5m2": 8,
    "resource": 32,
}
FLOATS: Final = frozenset(name for name in BITS if "float" in name)


@cache
def enum_names(enum: str) -> dict[int, str]:
    """Name of each number of a schema enum, such as `BuiltinOperator` or `ActivationFunctionType`."""
    from ai_edge_litert import schema_py_generated as schema

    members = vars(getattr(schema, enum)).items()
    return {value: name for name, value in members if isinstance(value, int) and not name.startswith("_")}


@cache
def dtype_name(number: int) -> str:
    """Lower-case name of a TensorType, such as `int8`; `type 99` where the schema has none."""
    return enum_names("TensorType").get(number, f"type {number}").lower()


def op_number(code: Any) -> int:
    """BuiltinOperator of an OperatorCodeT: the larger field holds it, as old files have no `builtinCode`."""
    return max(int(code.builtinCode), int(code.deprecatedBuiltinCode))


def is_custom(code: Any) -> bool:
    """Whether an OperatorCodeT is a custom op."""
    return enum_names("BuiltinOperator").get(op_number(code)) == "CUSTOM"


def op_name(code: Any) -> str:
    """Name of an OperatorCodeT: of the builtin op, or the custom op's own."""
    number = op_number(code)
    name = enum_names("BuiltinOperator").get(number, f"BUILTIN_{number}")
    return (code.customCode or b"").decode(errors="replace") if name == "CUSTOM" else name


def tensor_name(tensor: Any) -> str:
    """Name of a TensorT; empty where it has none."""
    return (tensor.name or b"").decode(errors="replace")


def tensor_label(tensor: Any, index: int) -> str:
    """How a message names a TensorT: its name and number, or the number alone."""
    name = tensor_name(tensor)
    return f"tensor {index} ({name})" if name else f"tensor {index}"
