import pytest
from tests.unit.embed.sample import tensor_info

from quantci.embed.constants import check_table, ports
from quantci.errors import ModelRejected


def test_the_first_port_has_a_plain_name_and_the_others_a_number() -> None:
    tensors = [tensor_info(name, [1, 2], [0.5], [1]) for name in "abc"]
    assert [port.prefix for port in ports("Input", tensors)] == ["Input", "Input1", "Input2"]


def test_a_float_port_has_no_scale() -> None:
    (port,) = ports("Output", [tensor_info("x", [1], [], [], "float32")])
    assert (port.type, port.scale, port.zero_point) == ("float", None, None)


def test_an_open_batch_is_one_sample() -> None:
    assert ports("Input", [tensor_info("x", [-1, 4], [1.0], [0])])[0].dims == [1, 4]


@pytest.mark.parametrize(
    ("shape", "dtype", "code"), [([1, -1], "int8", "dynamic-shape"), ([1, 2], "string", "unsupported-type")]
)
def test_what_tflm_cannot_run_is_refused(shape: list[int], dtype: str, code: str) -> None:
    with pytest.raises(ModelRejected) as caught:
        ports("Input", [tensor_info("x", shape, [], [], dtype)])
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("table", "dtype", "channels"),
    [
        ([[0] * 255], "int8", 1),
        ([[128] * 256], "int8", 1),
        ([[-1] * 256], "uint8", 1),
        ([[0] * 256], "int16", 1),
        ([[0] * 256], "int8", 3),
        ([], "int8", None),
    ],
)
def test_a_table_that_does_not_fit_is_a_bug(table: list[list[int]], dtype: str, channels: int | None) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        check_table(table, dtype, channels)


@pytest.mark.parametrize(("value", "dtype"), [(-128, "int8"), (127, "int8"), (0, "uint8"), (255, "uint8")])
def test_a_table_that_fits_is_kept(value: int, dtype: str) -> None:
    assert check_table([[value] * 256], dtype, 1) == [[value] * 256]
