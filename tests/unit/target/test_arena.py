import pytest
from tests.unit.embed.sample import Graph, int8_model

from quantci.records.base import decode, encode
from quantci.records.embed import ArenaEstimate
from quantci.target.arena import estimate_arena, left_padding, scratch_bytes


def test_the_scratch_of_each_op_is_read_off_the_model() -> None:
    conv = 4 * 8 + 9 * 32 + 96  # im2col: rows of 9 bytes, 27 taps in 32, 8 outputs
    depthwise = 2 * (9 * 8 + 4 * 4 * 8) + 32  # 8 channels, 3x3
    softmax = 4 * 32
    assert list(scratch_bytes(int8_model())) == [conv, depthwise, softmax]


def test_only_int8_asks_for_scratch() -> None:
    graph = Graph()
    tensors = [graph.tensor(name, [1, 4]) for name in "xy"]
    for tensor in graph.model.subgraphs[0].tensors:
        tensor.type = 7  # INT16
    graph.op("SOFTMAX", tensors[:1], tensors[1:], beta=1.0)
    assert list(scratch_bytes(graph.pack(tensors[:1], tensors[1:]))) == []


@pytest.mark.parametrize(
    ("host", "headroom", "recommended"),
    [
        (3000, 2056, 5488),  # 3000 + 432 + 2048 = 5480, up to 5488
        (99568, 5008, 105008),  # 100000 + 5 % = 105000, up to 105008
        (40528, 2048, 43008),  # 40960 + 2048, already a multiple of 16
    ],
)
def test_the_estimate_is_host_plus_largest_scratch_plus_headroom(host: int, headroom: int, recommended: int) -> None:
    estimate = estimate_arena(int8_model(), host)
    assert (estimate.host_used_bytes, estimate.scratch_margin_bytes) == (host, 432)
    assert (estimate.headroom_bytes, estimate.recommended_bytes) == (headroom, recommended)
    assert recommended % 16 == 0
    assert estimate.kind == "estimated"
    assert "esp-nn 1.2.3" in estimate.basis
    assert decode(encode(estimate), ArenaEstimate) == estimate


@pytest.mark.parametrize(
    ("size", "taps", "output", "stride", "dilation", "expected"),
    [
        (8, 3, 8, 1, 1, 1),
        (8, 3, 4, 2, 1, 0),  # one in all, and it goes below
        (9, 3, 5, 2, 1, 1),
        (8, 3, 8, 1, 2, 2),
        (8, 1, 4, 2, 1, 0),
        (49, 10, 25, 2, 1, 4),
    ],
)
def test_same_padding_puts_the_smaller_half_first(
    size: int, taps: int, output: int, stride: int, dilation: int, expected: int
) -> None:
    assert left_padding(size, taps, output, stride, dilation) == expected
