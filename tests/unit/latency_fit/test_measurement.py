"""A measured model as figures: whole, or op by op, and what of it is left away."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.models import Op, Tensor, build_model
from tests.networks import network, published_network

from quantci.chip.esp_nn.work import Work, add_terms
from quantci.chip.graph import read_graph
from quantci.chip.latency.layers import parse_layers
from quantci.chip.op import Op as Layer
from quantci.errors import ConfigError, DataRejected
from quantci.latency_fit.measurement import Measurement, read_model
from quantci.records.board_figures import BoardFigures, ModelFigures
from quantci.records.latency import Kernels, LatencyBoard
from quantci.tflite.model import Model

LINES = ["conv 16 3x3", "depthwise 3x3", "conv 32 1x1", "avg_pool 8x8 valid", "dense 10", "softmax"]
NAMES = ["CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "AVERAGE_POOL_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX"]
# By hand: im2col of 8 x 8 windows of 27 values to 16 outputs each; then 16 to 32 channels.
WORK = [
    {"op": 1, "conv_output": 1_024, "conv_im2col_value": 64 * 27},
    {"op": 1, "depthwise_3x3_output": 1_024},
    {"op": 1, "conv_1x1_output": 2_048, "conv_mac": 2_048 * 16},
    {"op": 1, "avg_pool_tap": 32 * 64},
    {"op": 1},
    {"op": 1, "dense_call": 1, "dense_mac": 320},
    {"op": 1, "softmax_call": 1, "softmax_element": 10},
]


def write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def measured(
    folder: Path,
    data: bytes,
    ticks: list[int] | None = None,
    *,
    latency_us: float | None = 500.0,
    cycles: float | None = None,
    kernels: Kernels = "esp-nn",
) -> Measurement:
    write(folder / "net.tflite", data)
    if ticks is not None:
        lines = (f"{index},{name},{count}" for index, (name, count) in enumerate(zip(NAMES, ticks, strict=True)))
        write(folder / "net.csv", "\n".join(lines).encode())
    entry = ModelFigures(
        file="net.tflite", latency_us=latency_us, cycles=cycles, profile=None if ticks is None else "net.csv"
    )
    figures = BoardFigures(
        board=LatencyBoard(name="b", device_id="", build_fingerprint=""),
        chip="esp32s3",
        clock_hz=160_000_000,
        kernels=kernels,
        memory="internal",
        model=[entry],
    )
    return read_model(entry, figures, folder / "board.toml", 0)


def test_the_files_of_the_tests_are_the_layers_they_are_written_as() -> None:
    layers = [one for one in read_graph(Model(network("8x8x3", LINES), "net")).ops if one.name != "RESHAPE"]
    written = parse_layers("8x8x3", LINES)
    assert [(one.name, one.slide) for one in layers] == [(one.name, one.slide) for one in written]
    assert [shapes(one) for one in layers[:-1]] == [shapes(one) for one in written[:-1]]


def shapes(op: Layer) -> list[tuple[int, ...]]:
    """Of its input and its weights."""
    return [tensor.shape for tensor in op.inputs[:2] if tensor]


def test_a_whole_model_is_one_figure(tmp_path: Path) -> None:
    found = measured(tmp_path, network("8x8x3", LINES))
    assert found.model.figures == [found.model.whole]
    assert (found.model.whole.cycles, found.model.whole.is_model) == (500 * 160, True)
    assert found.model.whole.terms == add_terms(Work("", terms) for terms in WORK)
    assert found.model.whole.terms["op"] == 7
    assert (found.short_ops, found.uncovered_share, found.model.has_total) == (0, None, True)


def test_cycles_instead_of_time(tmp_path: Path) -> None:
    found = measured(tmp_path, network("8x8x3", LINES), latency_us=None, cycles=77_000)
    assert found.model.whole.cycles == 77_000


def test_with_a_profile_each_op_is_a_figure(tmp_path: Path) -> None:
    found = measured(tmp_path, network("8x8x3", LINES), [200, 100, 120, 40, 20, 19, 3])
    assert [dict(row.terms) for row in found.model.figures] == WORK[:5], "the last two are too short"
    assert [row.cycles for row in found.model.figures] == [200 * 160, 100 * 160, 120 * 160, 40 * 160, 20 * 160]
    assert [row.name for row in found.model.figures][2] == "net.tflite 2 CONV_2D"
    assert found.short_ops == 2
    assert found.uncovered_share == pytest.approx(0)


@pytest.mark.parametrize("ticks", [[2_000, 100, 120, 40, 5, 19, 3], [100, 50, 50, 40, 5, 19, 3]])
def test_a_profile_of_something_else_is_refused(tmp_path: Path, ticks: list[int]) -> None:
    with pytest.raises(DataRejected, match="one inference 80,000") as raised:
        measured(tmp_path, network("8x8x3", LINES), ticks)
    assert (raised.value.code, raised.value.where) == ("profile", str(tmp_path / "net.csv"))


@pytest.mark.parametrize(("name", "key"), [("net.tflite", "file"), ("net.csv", "profile")])
@pytest.mark.parametrize("instead", ["a folder", "nothing"])
def test_a_missing_file_names_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, key: str, instead: str
) -> None:
    def write(path: Path, *_: object) -> None:
        if path.name != name:
            path.write_bytes(network("8x8x3", LINES))
        elif instead == "a folder":
            path.mkdir()

    monkeypatch.setattr(f"{__name__}.write", write)
    with pytest.raises(ConfigError, match=f"no file {name}") as raised:
        measured(tmp_path, b"", [200, 100, 120, 40, 20, 19, 3])
    assert (raised.value.code, raised.value.where) == ("not-found", f"{tmp_path / 'board.toml'}: model[0].{key}")


def test_reference_kernels_count_multiply_accumulates(tmp_path: Path) -> None:
    found = measured(tmp_path, network("8x8x3", LINES), kernels="reference")
    assert found.model.whole.terms == {"reference_mac": 1_024 * 27 + 1_024 * 9 + 2_048 * 16 + 320}


def resized(side: int) -> bytes:
    """A convolution, and a RESIZE_BILINEAR that gives out more than a quarter of all elements."""
    return build_model(
        [
            Tensor("in", [1, 8, 8, 16], "int8", scale=0.1),
            Tensor("weights", data=np.ones((16, 1, 1, 16), np.int8), scale=0.1),
            Tensor("bias", data=np.zeros(16, np.int32), scale=0.01),
            Tensor("conv", [1, 8, 8, 16], "int8", scale=0.1),
            Tensor("size", data=np.array([side, side], np.int32)),
            Tensor("out", [1, side, side, 16], "int8", scale=0.1),
        ],
        [
            Op(
                "CONV_2D",
                ["in", "weights", "bias"],
                ["conv"],
                {"strideW": 1, "strideH": 1, "dilationWFactor": 1, "dilationHFactor": 1},
            ),
            Op("RESIZE_BILINEAR", ["conv", "size"], ["out"]),
        ],
        ["in"],
        ["out"],
    )


def test_a_model_that_is_mostly_not_covered_needs_a_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataRejected, match=r"RESIZE_BILINEAR: 80 % of all output elements") as raised:
        measured(tmp_path, resized(16))
    assert (raised.value.code, raised.value.where) == ("not-covered", f"{tmp_path / 'board.toml'}: model[0]")
    monkeypatch.setattr(f"{__name__}.NAMES", ["CONV_2D", "RESIZE_BILINEAR"])
    found = measured(tmp_path, resized(16), [100, 400])
    assert not found.model.has_total
    assert [row.cycles for row in found.model.figures] == [16_000]
    assert found.uncovered_share == pytest.approx(0.8)


def test_a_published_network_is_built_as_it_is_written() -> None:
    layers = read_graph(Model(published_network("MLPerf Tiny keyword"), "kws")).ops
    assert len(layers) == 13, "twelve, and a RESHAPE"
    assert layers[0].outputs[0].shape == (1, 25, 5, 64)
