"""The half of the engine that lives in a worker: it holds one model."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from quantci.device.description import Description, Tensor
from quantci.tflite.enums import op_number
from quantci.tflite.lite_rt import open_preserved
from quantci.tflite.model import Model
from quantci.tflite.oracle import choose_oracle, open_oracle
from quantci.tflite.tflm import open_preserved_tflm, tflm_arena_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quantci.tflite.runner import Runner, TensorSpec

_ARENA_BYTES = 64 * 1024**2
_held: list[tuple[Model, Runner]] = []


def name() -> tuple[str, str | None]:
    """The engine's name, and the version of TFLM's wheel."""
    oracle = choose_oracle("auto")
    if oracle != "tflm":
        return oracle, None
    from importlib.metadata import version

    return "tflm", version("tflite-micro")


def load(data: bytes, arena_bytes: int) -> Description:
    """Allocate a model in place of the one before."""
    from quantci.errors import ModelRejected

    _held.clear()
    model, oracle = Model(data, "the slot"), choose_oracle("auto")
    runner = open_oracle(model, oracle)
    used = tflm_arena_bytes(model) if oracle == "tflm" else 0
    if arena_bytes and used > arena_bytes:
        raise ModelRejected(
            "arena", f"{used} bytes of arena are needed, {arena_bytes} are there", remedy="Give it a larger arena."
        )
    _held.append((model, runner))
    return Description(
        arena_used_bytes=used,
        arena_given_bytes=arena_bytes or _ARENA_BYTES,
        op_count=len(model.tree.subgraphs[0].operators),
        inputs=tuple(map(_tensor, runner.inputs)),
        outputs=tuple(map(_tensor, runner.outputs)),
    )


def run(inputs: list[NDArray[Any]]) -> tuple[list[NDArray[Any]], int]:
    """One inference, and the nanoseconds that it took."""
    _, runner = _held[0]
    outputs = runner.run(inputs)
    return outputs, round(runner.invoke_us() * 1000)


def codes() -> list[int]:
    """tflite::BuiltinOperator of each op."""
    tree = _held[0][0].tree
    return [op_number(tree.operatorCodes[op.opcodeIndex]) for op in tree.subgraphs[0].operators]


def ops(inputs: list[NDArray[Any]]) -> list[tuple[int, int, int, int]]:
    """What OPS tells of each op: its code, no time, and the CRC-32 of what it put out for these inputs."""
    model, _ = _held[0]
    preserved = open_preserved_tflm(model) if choose_oracle("auto") == "tflm" else open_preserved(model, "reference")
    preserved.run(inputs)
    found = []
    for code, op in zip(codes(), model.tree.subgraphs[0].operators, strict=True):
        crc = 0
        for index in op.outputs:
            crc = zlib.crc32(np.ascontiguousarray(preserved.tensor(int(index))).tobytes(), crc)
        found.append((code, 0, 0, crc))
    return found


def _tensor(spec: TensorSpec) -> Tensor:
    return Tensor(dtype=spec.dtype, shape=spec.shape, scale=spec.scale, zero_point=spec.zero_point)
