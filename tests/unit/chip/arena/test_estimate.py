"""The record: where it fits, the peak, the gains, and what is said where the simulation does not reach."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from tests.models import SAME, WINDOW, Op, Tensor, build_model, build_tree, graph_of, pack_tree, tiny_int8_cnn
from tests.networks import published_network
from tests.unit.embed.sample import int8_model

from quantci.chip.arena.estimate import estimate_arena
from quantci.chip.arena.kernel_memory import kernel_of
from quantci.chip.datasheet import Chip, load_chip
from quantci.chip.esp_nn.scratch import scratch_of
from quantci.records.arena import Arena
from quantci.records.base import decode, encode


def never() -> int:
    msg = "the host was asked"
    raise AssertionError(msg)


def arena_of(model: bytes, chip: str = "esp32s3", *, names: Sequence[str] = (), **changes: Any) -> Arena:
    found = estimate_arena(graph_of(model, names), chip, load_chip(chip), **{"host_bytes": never, **changes})
    assert found is not None
    assert decode(encode(found), Arena) == found
    return found


def wide(size: int, depth: int = 8) -> bytes:
    """Two int8 additions of [1, size, size, depth]: x + x, then that + x."""
    tensors = [Tensor(name, [1, size, size, depth], "int8", scale=0.1) for name in "xyz"]
    return build_model(tensors, [Op("ADD", ["x", "x"], ["y"]), Op("ADD", ["y", "x"], ["z"])], ["x"], ["z"])


def test_the_scratch_of_each_op_is_read_off_the_model() -> None:
    conv = 4 * 8 + 9 * 32 + 96  # im2col: rows of 9 bytes, 27 taps in 32, 8 outputs
    depthwise = 2 * (9 * 8 + 4 * 4 * 8) + 32  # 8 channels, 3x3
    softmax = 4 * 32
    ops = graph_of(int8_model()).ops
    assert [scratch_of("esp32s3")(op) for op in ops] == [conv, depthwise, 0, softmax]
    assert [scratch_of("generic")(op) for op in ops] == [0, 0, 0, softmax]
    # ESP32-P4: a window of 27 elements, 4 bytes for each output, 32 to align; no scratch for depthwise
    assert [scratch_of("esp32p4")(op) for op in ops] == [27 + 4 * 8 + 32, 0, 0, softmax]
    assert arena_of(int8_model()).scratch_bytes == depthwise
    wide_softmax = replace(ops[3], outputs=[replace(ops[3].outputs[0], dtype="int16")])
    assert scratch_of("esp32s3")(wide_softmax) == 0, "TFLM's own kernel runs it"


# TFLM's own arena_used_bytes() in an emulator of the ESP32-S3, on the published INT8 models: esp-tflite-micro 1.4.0
# with esp-nn 1.2.3's assembly, and with TFLM's own kernels.
@pytest.mark.parametrize(
    ("name", "esp_nn", "reference"),
    [("MLPerf Tiny keyword spotting", 35_500, 22_780), ("MLPerf Tiny visual wake words", 122_508, 100_668)],
)
def test_the_arena_of_an_emulated_chip(name: str, esp_nn: int, reference: int) -> None:
    model = published_network(name)
    assert arena_of(model).used_bytes == esp_nn
    assert arena_of(model, "esp32").used_bytes == reference


def test_simulated_without_asking_the_host() -> None:
    arena = arena_of(tiny_int8_cnn())
    assert (arena.kind, arena.host_used_bytes, arena.unknown_ops) == ("simulated", None, [])
    assert arena.head_bytes is not None
    assert arena.tail_bytes is not None
    assert arena.used_bytes == arena.head_bytes + arena.tail_bytes <= arena.minimum_bytes
    assert arena.recommended_bytes == arena.minimum_bytes + arena.headroom_bytes
    assert arena.headroom_bytes >= 1024
    assert arena.recommended_bytes % 256 == 0
    assert "esp-nn 1.2.3" in arena.basis


def test_the_peak_names_what_is_alive_and_what_halving_it_gains() -> None:
    # x, y, z of 8 * 8 * 8 = 512 bytes each. Op 0 has x and y alive, op 1 all three; halving any frees 256.
    arena = arena_of(wide(8), names=["image", "first", "second"])
    assert arena.timeline == [1024, 1536]
    assert arena.head_bytes == 1536
    assert arena.peak is not None
    assert (arena.peak.op_index, arena.peak.op, arena.peak.name, arena.peak.bytes_in_use) == (1, "ADD", "second", 1536)
    assert [piece.name for piece in arena.alive] == ["image", "first", "second"]
    assert [piece.gain_bytes for piece in arena.alive] == [256, 256, 256]


def test_halving_gains_nothing_where_the_work_of_planning_decides() -> None:
    arena = arena_of(wide(1, 16))  # tensors of 16 bytes
    assert arena.minimum_bytes > arena.used_bytes + 16
    assert {piece.gain_bytes for piece in arena.alive} == {0}


@pytest.mark.parametrize(
    ("size", "chip", "memory"),
    [
        (64, "esp32s3", "internal"),  # 3 * 32 KiB
        (128, "esp32s3", "none"),  # 3 * 128 KiB = 384 KiB of 219 KiB
        (128, "esp32s3-n8r2", "psram"),
        (128, "esp32p4", "internal"),
        (64, "esp32", "internal"),
        (80, "esp32", "none"),
        (512, "esp32s3-n8r2", "none"),  # 6 MiB
        (512, "esp32s3-n8r8", "psram"),
    ],
)
def test_where_it_fits(size: int, chip: str, memory: str) -> None:
    assert arena_of(wide(size), chip).memory == memory


def with_room(chip: Chip, kind: str, room: int) -> Chip:
    """The chip with just this room for an arena in one of its memories, and none in the other."""
    taken = chip.internal_bytes - chip.internal_room_bytes
    rooms = {"internal": 0, "psram": 0, kind: room}
    return msgspec.structs.replace(chip, internal_bytes=taken + rooms["internal"], psram_bytes=rooms["psram"])


@pytest.mark.parametrize("kind", ["internal", "psram"])
def test_an_arena_as_large_as_the_room_fits_and_a_byte_less_is_too_little(kind: str) -> None:
    chip, graph = load_chip("esp32s3-n8r8"), graph_of(wide(64))
    arena = arena_of(wide(64))
    for room, memory in ((arena.recommended_bytes, kind), (arena.recommended_bytes - 1, "none")):
        found = estimate_arena(graph, "esp32s3-n8r8", with_room(chip, kind, room), host_bytes=never)
        assert found is not None
        assert (found.recommended_bytes, found.memory) == (arena.recommended_bytes, memory)


def test_where_the_scratch_comes_from_is_said() -> None:
    assert "the scratch of esp-nn 1.2.3 on ESP32-S3" in arena_of(wide(8), "esp32s3").basis
    assert "the scratch of TFLM's own kernels on ESP32-C3" in arena_of(wide(8), "esp32c3").basis


def test_an_op_outside_of_the_table_is_estimated_from_the_host_with_a_margin() -> None:
    tensors = [Tensor(name, [1, 8, 8, 4], "int8", scale=0.1) for name in "xyz"]
    ops = [Op("ADD", ["x", "x"], ["y"]), Op("ABS", ["y"], ["z"])]
    model = build_model(tensors, ops, ["x"], ["z"])
    arena = arena_of(model, host_bytes=lambda: 100_000)
    assert (arena.kind, arena.unknown_ops, arena.host_used_bytes) == ("estimated", ["ABS"], 100_000)
    assert (arena.used_bytes, arena.minimum_bytes) == (100_000, 110_000)
    assert (arena.head_bytes, arena.tail_bytes) == (None, None)
    assert arena.timeline == [512, 512]
    assert {piece.gain_bytes for piece in arena.alive} == {None}
    assert "because the table of kernels has no ABS:" in arena.basis
    assert "margin of 10 %" in arena.basis
    assert arena_of(model, host_bytes=lambda: 3_000).minimum_bytes == 7_104  # 3,000 + 4,096, up to a multiple of 16
    assert estimate_arena(graph_of(model), "esp32s3", load_chip("esp32s3"), host_bytes=None) is None


def test_custom_ops_and_those_that_tflm_lacks_in_a_type_are_not_in_the_table() -> None:
    tensors = [Tensor(name, [1, 4], "int16", scale=0.1) for name in "xy"]
    wide = build_model(tensors, [Op("SOFTMAX", ["x"], ["y"], {"beta": 1.0})], ["x"], ["y"])
    assert arena_of(wide).kind == "simulated"
    model = build_model(tensors, [Op("HARD_SWISH", ["x"], ["y"])], ["x"], ["y"])
    assert arena_of(model, host_bytes=lambda: 1000).kind == "estimated"
    (op,) = graph_of(build_model(tensors, [Op("Mine", ["x"], ["y"])], ["x"], ["y"])).ops
    assert kernel_of(op) is None


def test_several_subgraphs_and_plans_of_the_models_own_are_not_simulated() -> None:
    tensors = [Tensor(name, [1, 4], "int8", scale=0.1) for name in "xy"]
    tree = build_tree(tensors, [Op("ADD", ["x", "x"], ["y"])], ["x"], ["y"])
    second = build_tree(tensors, [Op("ADD", ["x", "x"], ["y"])], ["x"], ["y"]).subgraphs[0]
    tree.subgraphs.append(second)
    arena = arena_of(pack_tree(tree), host_bytes=lambda: 2_000)
    assert (arena.kind, arena.peak, arena.timeline) == ("estimated", None, [])
    assert "because it has 2 subgraphs:" in arena.basis
    tree.subgraphs.pop()
    plan = schema.MetadataT()
    plan.name, plan.buffer = b"OfflineMemoryAllocation", 0
    tree.metadata = [plan]
    assert graph_of(pack_tree(tree)).obstacles == ["it has a memory plan of its own"]


def test_a_model_without_ops_has_no_peak() -> None:
    arena = arena_of(build_model([Tensor("x", [1, 4], "int8", scale=0.1)], [], ["x"], ["x"]))
    assert (arena.peak, arena.alive, arena.timeline) == (None, [], [])
    assert arena.head_bytes == 16


def test_scratch_is_named_after_its_op() -> None:
    tensors = [
        Tensor("x", [1, 8, 8, 16], "int8", scale=0.1),
        Tensor("w", data=np.ones((16, 3, 3, 16), np.int8), scale=0.1),
        Tensor("y", [1, 8, 8, 16], "int8", scale=0.1),
    ]
    op = Op("CONV_2D", ["x", "w", ""], ["y"], {**WINDOW, "padding": SAME}, version=3)
    arena = arena_of(build_model(tensors, [op], ["x"], ["y"]))
    # padded input 10 * 10 * 16, filter 9 * 16 * 16, rows 48 * 3 * 16, border (8+2)(8+2)16, 4 * 16, 64
    scratch = 1600 + 2304 + 2304 + 1600 + 64 + 64
    assert arena.scratch_bytes == scratch
    assert [(piece.tensor, piece.name, piece.piece_bytes) for piece in arena.alive] == [
        (None, "y", scratch),
        (0, "x", 1024),
        (2, "y", 1024),
    ]
