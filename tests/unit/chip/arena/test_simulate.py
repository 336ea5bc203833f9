"""Arenas worked out by hand from the sizes of TFLM's structs."""

import numpy as np
import pytest
from tests.models import SAME, Op, Tensor, build_model, graph_of

from quantci.chip.arena.kernel_memory import KERNELS
from quantci.chip.arena.simulate import Simulation, simulate
from quantci.chip.esp_nn.scratch import scratch_of
from quantci.tflite.tflm_ops import RESOLVER_METHODS


def softmax(width: int = 10, dtype: str = "int8") -> bytes:
    """One SOFTMAX from x to y, [1, width]."""
    tensors = [
        Tensor("x", [1, width], dtype, scale=0.1),
        Tensor("y", [1, width], dtype, scale=1 / 256, zero_point=-128),
    ]
    return build_model(tensors, [Op("SOFTMAX", ["x"], ["y"], {"beta": 1.0}, version=2)], ["x"], ["y"])


def test_one_softmax_on_the_chip() -> None:
    """The tail, from the end of the arena downwards, each address aligned down.

    allocator 36, planner 44, MicroAllocator 36, builtin allocator 8      124
    SubgraphAllocations 8                                                 132
    2 TfLiteEvalTensor of 12                                              156
    1 NodeAndRegistration of 32                                           188
    options of SOFTMAX 4                                                  192
    its data 64, at 16                                                    256
    1 handle of a scratch buffer 4                                        260
    pointer to the input 4, at 16                                         272
    TfLiteTensor 40, TfLiteAffineQuantization 12, 1 zero point 4 + 4      332
    pointer to the output 4, at 16: 336                                   336
    the same for the output: 60                                           396

    The head: x 16, y 16 and 4 * 10 bytes of scratch, 48, all alive in the op: 80.
    """
    found = simulate(graph_of(softmax()), "esp-nn", scratch_of("esp32s3"))
    assert (found.head, found.tail, found.used) == (80, 396, 476)


def test_the_smallest_arena_holds_the_work_of_planning() -> None:
    """The same model: used are 476 bytes, but planning it takes more.

    13 requests for scratch of 12 (one is made, twelve more might be)     156
    subgraph offset 4, AllocationInfo of 24 for 2 tensors and 1 scratch   232
    up to 16: 240; work space of the planner, 40 for each of 3 buffers    360
    the tail so far, 260, up to 16: 272                                   632
    and 632 up to a multiple of 16 is 640.
    """
    found = simulate(graph_of(softmax()), "esp-nn", scratch_of("esp32s3"))
    assert found.transient == 632
    assert found.minimum == 640


def test_reference_kernels_ask_for_no_scratch_and_keep_less() -> None:
    """Data of SOFTMAX 56 instead of 64: 192 + 56 = 248 up to 256 all the same.

    No handle: the input's pointer ends at 272, and all after it is as before.
    """
    found = simulate(graph_of(softmax()), "reference")
    assert (found.head, found.tail) == (32, 396)


def test_temporary_tensors_count_while_an_op_prepares() -> None:
    """A convolution with 4,000 scales: its filter is looked at twice, and each time its zero points are copied.

    Before: 12 requests for scratch, 144. Temporary: output 60, input 60, filter 40 + 12 + 4 + 4 * 4000 = 16,056; then
    the same and the bias, of no scale 40. In all 144 + 2 * 16,176 + 40 = 32,536.
    The tail then: 124 + 8 + 4 * 12 + 32 = 212, options 28: 240, data 56: 296 up to 304,
    and two arrays of 16,000: 32,304.
    """
    tensors = [
        Tensor("x", [1, 1, 1, 1], "int8", scale=0.1),
        Tensor("w", data=np.ones((4000, 1, 1, 1), np.int8), scale=[0.1] * 4000, zero_point=[0] * 4000),
        Tensor("b", data=np.ones(4000, np.int32)),
        Tensor("y", [1, 1, 1, 4000], "int8", scale=0.1),
    ]
    options = {"strideW": 1, "strideH": 1, "dilationWFactor": 1, "dilationHFactor": 1}
    model = build_model(tensors, [Op("CONV_2D", ["x", "w", "b"], ["y"], options, version=3)], ["x"], ["y"])
    found = simulate(graph_of(model), "reference")
    assert found.transient == 32_536 + 32_304
    assert found.minimum == 64_848 > found.used


def test_variables_lie_in_the_tail() -> None:
    tensors = [Tensor(name, [1, 4], "int8", scale=0.1) for name in "xy"]
    plain = build_model(tensors, [Op("ADD", ["x", "x"], ["y"])], ["x"], ["y"])
    state = Tensor("state", [1, 100], "int8", is_variable=True)
    stateful = build_model([*tensors, state], [Op("ADD", ["x", "x"], ["y"])], ["x"], ["y"])
    before, after = (simulate(graph_of(model), "reference") for model in (plain, stateful))
    assert after.head == before.head
    # One more TfLiteEvalTensor, 12: hidden by the alignment of what follows, or not; then 100 bytes at 16.
    assert after.tail - before.tail in {112, 128}


@pytest.mark.parametrize("build", ["esp-nn", "reference", "host"])
def test_ops_without_options_or_data(build: str) -> None:
    tensors = [Tensor(name, [1, 4], "int8", scale=0.1) for name in "xyz"]
    found: Simulation = simulate(
        graph_of(build_model(tensors, [Op("MAXIMUM", ["x", "y"], ["z"])], ["x", "y"], ["z"])),
        build,  # type: ignore[arg-type]
    )
    assert found.head == 48


def test_a_softmax_of_16_bits_keeps_two_tables() -> None:
    """As test_one_softmax_on_the_chip up to the data, 256. ESP-NN has no kernel for 16 bits, so there is no scratch.

    exp(x), 513 entries of 2 bytes, at 16: 256 + 1026 = 1282               1296
    1 / (1 + x), the same: 2322                                           2336
    pointer to the input 4, at 16                                         2352
    TfLiteTensor 40, TfLiteAffineQuantization 12, 1 zero point 4 + 4      2412
    pointer to the output 4, at 16                                        2416
    the same for the output: 60                                           2476

    The head: x and y of 20 bytes, 32 each: 64.
    """
    found = simulate(graph_of(softmax(dtype="int16")), "esp-nn", scratch_of("esp32s3"))
    assert (found.head, found.tail) == (64, 2476)


def test_accumulators_of_a_transposed_convolution_have_64_bits_where_activations_have_16() -> None:
    def head(dtype: str, bias: str) -> int:
        tensors = [
            Tensor("shape", data=np.array([1, 2, 2, 3], np.int32)),
            Tensor("w", data=np.ones((3, 2, 2, 1), np.int8), scale=0.1),
            Tensor("x", [1, 1, 1, 1], dtype, scale=0.1),
            Tensor("b", data=np.ones(3, bias)),
            Tensor("y", [1, 2, 2, 3], dtype, scale=0.1),
        ]
        options = {"padding": SAME, "strideW": 2, "strideH": 2}
        op = Op("TRANSPOSE_CONV", ["shape", "w", "x", "b"], ["y"], options)
        return simulate(graph_of(build_model(tensors, [op], ["x"], ["y"])), "reference").head

    assert head("int8", "int32") == 16 + 16 + 4 * 12  # x, y, accumulators
    assert head("int16", "int64") == 16 + 32 + 8 * 12


def test_an_op_outside_of_the_table_is_refused() -> None:
    tensors = [Tensor(name, [1, 4], "int16", scale=0.1) for name in "xy"]
    with pytest.raises(KeyError, match="HARD_SWISH"):  # TFLM has it in INT8 only
        simulate(graph_of(build_model(tensors, [Op("HARD_SWISH", ["x"], ["y"])], ["x"], ["y"])), "reference")


def test_the_table_names_ops_that_tflm_has() -> None:
    assert set(KERNELS) <= set(RESOLVER_METHODS)
