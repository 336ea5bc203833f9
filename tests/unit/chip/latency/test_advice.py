"""What makes an inference faster, by hand: one cycle a unit, but where a coefficient is named."""

from __future__ import annotations

import dataclasses

import pytest
from tests.unit.chip.layers import coefficients, conv, op

from quantci.chip.esp_nn.work import Build
from quantci.chip.graph import Graph
from quantci.chip.latency.advice import advise_faster
from quantci.chip.op import Op, Tensor
from quantci.records.kernels import OpKernel
from quantci.records.stage import Advice

MHZ = Build(clock_hz=1_000_000)  # a cycle is a microsecond


def chain(*layers: Op) -> Graph:
    """The layers one after the other."""
    made: list[Op] = []
    last = Tensor(index=0, dtype="int8", shape=layers[0].inputs[0].shape if layers[0].inputs[0] else ())
    for index, layer in enumerate(layers):
        output = dataclasses.replace(layer.outputs[0], index=index + 1)
        made.append(dataclasses.replace(layer, inputs=[last, *layer.inputs[1:]], outputs=[output]))
        last = output
    first = made[0].inputs[0]
    assert first is not None
    return Graph([], made, [first], [last], [], 1, [])


def advised(
    graph: Graph,
    build: Build = MHZ,
    *,
    kernels: list[OpKernel] | None = None,
    cache: int = 32_768,
    **changes: float,
) -> list[Advice]:
    return advise_faster(graph, kernels or [], coefficients(**changes).record, build, cache)


def scaled(name: str) -> Op:
    layer = op(name, (1, 4, 4, 8))
    return dataclasses.replace(layer, inputs=[*layer.inputs, Tensor(dtype="int8", shape=(1,), is_constant=True)])


MEAN = op("MEAN", (1, 4, 4, 8), output=(1, 8))


def test_a_rescaling_on_the_input() -> None:
    # 128 elements at 90 and at 207 cycles and an op each, of those and the convolution's 1 + 128 x 10.
    (one,) = advised(
        chain(scaled("MUL"), scaled("ADD"), conv(4, 8, 3, 8)),
        broadcast_mul_element=90.0,
        broadcast_add_element=207.0,
        conv_mac=1 / 16,
    )
    assert one.code == "latency-rescaling"
    assert one.text.startswith("Remove MUL and ADD on the model's input")
    assert one.text.endswith("This saves about 38 ms of 39 ms, estimated.")
    assert advised(chain(conv(4, 8, 3, 8), scaled("MUL"))) == [], "not on the input"


def test_a_mean_that_could_be_a_pool() -> None:
    (one,) = advised(chain(conv(4, 8, 3, 8), MEAN), mean_element=199.0, avg_pool_tap=3.0)
    assert one.code == "latency-mean"
    assert "This saves about 25 ms" in one.text, "128 x (199 - 3) cycles"
    odd = op("MEAN", (1, 4, 4, 6), output=(1, 6))
    assert advised(chain(odd), mean_element=199.0) == [], "pools of 6 channels run in plain C"
    rows = op("MEAN", (1, 4, 4, 8), output=(1, 4, 8))
    assert advised(chain(rows), mean_element=199.0) == [], "not over the plane"


def test_channels_that_a_faster_kernel_wants() -> None:
    kernels = [
        OpKernel(op_index=index, op="CONV_2D", path="padded", reason="r", remedy="m", wanted=16, saved_us=saved)
        for index, saved in enumerate([1_000.0, 2_000.0, -500.0, None])
    ]
    (one,) = advised(chain(conv(4, 8, 3, 8)), kernels=kernels)
    assert one.code == "latency-channels"
    assert one.text.startswith("Give 2 layers the number of channels")
    assert "about 3.0 ms" in one.text, "what costs more is not counted"


@pytest.mark.parametrize(
    ("units", "cache", "told"),
    [
        (64, 32_768, "set CONFIG_ESP32S3_DATA_CACHE_64KB"),  # 36,864 bytes of weights
        (120, 65_536, "by 3,585 bytes: remove as many"),  # 69,120
        (128, 65_536, ""),  # 73,728: more than a tenth too many
        (128, 32_768, ""),
    ],
)
def test_weights_that_nearly_fit_the_cache(units: int, cache: int, told: str) -> None:
    build = MHZ._replace(reads_flash=True)
    found = advised(chain(conv(1, 64, 3, units)), build, cache=cache, flash_dio_ns=1e6)
    assert [told in one.text for one in found] == ([True] if told else [])
    assert advised(chain(conv(1, 64, 3, units)), cache=cache, flash_dio_ns=1e6) == [], "they are not read"


def test_at_most_two_and_the_larger_first() -> None:
    kernels = [OpKernel(op_index=0, op="CONV_2D", path="padded", reason="r", remedy="m", wanted=16, saved_us=5_000.0)]
    found = advised(
        chain(scaled("MUL"), conv(4, 8, 3, 8), MEAN), kernels=kernels, broadcast_mul_element=90.0, mean_element=199.0
    )
    assert [one.code for one in found] == ["latency-mean", "latency-rescaling"]


def test_what_saves_little_or_is_not_esp_nn_is_not_told() -> None:
    assert advised(chain(conv(4, 8, 3, 8), MEAN), mean_element=1.1) == [], "13 of 1,420 cycles"
    assert advised(chain(MEAN), MHZ._replace(kernels="reference"), mean_element=199.0) == []
