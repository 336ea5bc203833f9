import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from tests.golden import example_arena
from tests.unit.embed.sample import example_model, tensor_info

from quantci.chip.esp_nn.version import ESP_TFLITE_MICRO, VERSION
from quantci.chip.graph import read_graph
from quantci.chip.known_bad.release import Release
from quantci.embed.component import write_component
from quantci.embed.picture import InputConstants
from quantci.embed.replace_folder import MARKER
from quantci.embed.resolver import make_resolver, used_ops
from quantci.errors import ConfigError
from quantci.records.config import EmbedConfig

MODEL = example_model()
ARENA = msgspec.structs.replace(
    example_arena(), recommended_bytes=5488, basis="Guessed */ \\ ??/ from " + "words " * 30
)
IMAGE = InputConstants(
    size=(8, 9, 3),
    steps="An image is resized with the bilinear filter of Pillow to this size.",
    statistics=((1.5, 2.5, 3.5), (0.1,)),
)


def write(folder: Path, **changes: Any) -> dict[str, str]:
    """The component as text, with some arguments changed."""
    arguments: dict[str, Any] = {
        "model": MODEL,
        "config": EmbedConfig(),
        "labels": ["red", "green"],
        "lookup_table": [[value - 128 for value in range(256)]] * 3,
        "constants": IMAGE,
        "arena": ARENA,
        "release": Release(VERSION, ESP_TFLITE_MICRO, "No fault of it is known in this model.", []),
    } | changes
    resolver = make_resolver(used_ops(read_graph(arguments["model"])), arguments["config"].custom_ops, folder)
    written = write_component(folder / "part", resolver=resolver, **arguments)
    assert [file.path for file in written] == sorted(
        path.relative_to(folder / "part").as_posix() for path in (folder / "part").rglob("*") if path.is_file()
    )
    return {file.path: (folder / "part" / file.path).read_bytes().decode("latin-1") for file in written}


def header(folder: Path, **changes: Any) -> str:
    return write(folder, **changes)["include/quantci_model/model.h"]


def test_the_component_pins_the_release_that_was_chosen_and_says_why(tmp_path: Path) -> None:
    release = Release("1.1.2", "1.3.9", "esp-nn 1.2.3 meets softmax-rows in this model, which 1.1.2 does not have.", [])
    text = write(tmp_path, release=release)["idf_component.yml"]
    wanted = yaml.safe_load(text)["dependencies"]
    assert wanted["espressif/esp-nn"] == {"version": "==1.1.2"}
    assert wanted["espressif/esp-tflite-micro"]["version"] == "^1.3.9"
    assert "# Known faults were looked up for this version. esp-nn 1.2.3 meets softmax-rows" in text
    assert "arena" not in text


def test_an_array_component_has_these_files(tmp_path: Path) -> None:
    files = write(tmp_path)
    assert list(files) == [
        "CMakeLists.txt",
        "idf_component.yml",
        "include/quantci_model/model.h",
        "include/quantci_model/op_resolver.h",
        "model.cc",
    ]
    assert files["CMakeLists.txt"].startswith(MARKER + "\nidf_component_register(\n")
    assert "REQUIRES esp-tflite-micro" in files["CMakeLists.txt"]
    assert yaml.safe_load(files["idf_component.yml"])["dependencies"]["espressif/esp-nn"] == {"version": f"=={VERSION}"}


def test_a_binary_component_has_the_model_itself(tmp_path: Path) -> None:
    files = write(tmp_path, config=EmbedConfig(storage="binary", component="traffic"))
    assert files["model.tflite"] == MODEL.data.decode("latin-1")
    assert "kModel" not in files["model.cc"]
    assert 'kModel[kModelSize] __asm__(\n    "traffic_model_tflite")' in files["include/traffic/model.h"]
    assert "\ntraffic_model_tflite:\n" in files["model_data.S"]
    assert MODEL.sha256 in files["CMakeLists.txt"]


@pytest.mark.parametrize("storage", ["array", "binary"])
def test_the_same_input_gives_the_same_bytes(tmp_path: Path, storage: Any) -> None:
    config = EmbedConfig(storage=storage)
    assert write(tmp_path / "a", config=config) == write(tmp_path / "b" / "c", config=config)


def test_the_header_says_what_the_record_says(tmp_path: Path) -> None:
    text = header(tmp_path)
    for line in (
        f"kModelSize = {len(MODEL.data)};",
        "kArenaSize = 5488;",
        "kInputScale = 0.10000000149011612f;",
        "kInputZeroPoint = -3;",
        "kInputDims[] = {1, 8, 8, 3};",
        "kOutputDims[] = {1, 32};",
        "kLabelCount = 2;",
        "kInputWidth = 9;",
        "kInputMean[] = {1.5f, 2.5f, 3.5f};",
        "kInputStd[] = {0.10000000149011612f};",
    ):
        assert line in text
    assert "with the bilinear filter of Pillow" in text
    assert "tensor arena: estimated, by simulation." in text


@pytest.mark.parametrize(
    "constants",
    [
        IMAGE,
        InputConstants(size=(8, 9, 3), steps="words " * 50, is_standardized=True, is_bgr=True),
        InputConstants(statistics=((123.4567,) * 40, (0.0001234567,) * 40)),
    ],
    ids=["image", "standardized", "columns"],
)
def test_no_line_is_longer_than_google_style_allows(tmp_path: Path, constants: InputConstants) -> None:
    files = write(tmp_path, constants=constants)
    assert max(len(line) for name in files if name.endswith((".h", ".cc")) for line in files[name].splitlines()) <= 80


def test_what_is_not_known_is_left_out(tmp_path: Path) -> None:
    outputs = [tensor_info("a", [1], [], [], "float32"), tensor_info("b", [], [0.5], [0], "uint8")]
    text = header(
        tmp_path,
        arena=None,
        labels=[],
        lookup_table=None,
        constants=InputConstants(),
        model=example_model(outputs=outputs),
    )
    assert not re.search(r"= *kArenaSize|kArenaSize *=|QuantizePixel|kInputMean|kOutputScale|kOutput1Dims", text)
    assert "kLabels = nullptr;" in text
    assert "using Output1Type = std::uint8_t;" in text
    assert "kOutput1Rank = 0;" in text


def test_a_model_that_normalizes_by_itself_has_no_mean(tmp_path: Path) -> None:
    text = header(tmp_path, constants=InputConstants(size=(8, 9, 3)))
    assert "the model normalizes them" in text
    assert "kInputMean" not in text
    assert "kInputHeight = 8;" in text


def test_what_the_firmware_has_to_compute_is_said(tmp_path: Path) -> None:
    text = header(tmp_path, constants=InputConstants(size=(8, 9, 3), is_standardized=True), lookup_table=None)
    assert "by 1 / sqrt(number of values) at least." in text
    assert "kInputMean" not in text
    assert "the model normalizes them" not in text
    tensor = header(tmp_path, constants=InputConstants(is_standardized=True), lookup_table=None)
    assert "sample's standard deviation." in tensor
    assert "sqrt" not in tensor


def test_strangers_names_cannot_leave_their_comment_or_string(tmp_path: Path) -> None:
    nasty = 'x*/ #error\n#error "\\'
    inputs = [tensor_info(nasty, [1, 8, 8, 3], [0.1], [-3])]
    text = header(tmp_path, labels=[nasty], model=example_model(inputs=inputs))
    assert not re.search(r"^\s*#error", text, re.MULTILINE)
    assert "// Input 0: x_/ #error_#error __\n" in text
    assert '    "x*/ #error\\012#error \\"\\\\",\n' in text


def test_the_resolver_registers_exactly_what_is_used(tmp_path: Path) -> None:
    (tmp_path / "mine.h").write_text("// mine\n")
    files = write(tmp_path, model=example_model("My-Op"), config=EmbedConfig(custom_ops={"My-Op": "mine.h"}))
    text = files["include/quantci_model/op_resolver.h"]
    assert re.findall(r"resolver\.(Add\w+)", text) == [
        "AddConv2D",
        "AddDepthwiseConv2D",
        "AddReshape",
        "AddSoftmax",
        "AddCustom",
    ]
    assert "kOpCount = 5;" in text
    assert 'AddCustom("My-Op", tflite::Register_My_Op())' in text
    assert '#include "quantci_model/custom_ops/mine.h"' in text
    assert files["include/quantci_model/custom_ops/mine.h"] == "// mine\n"


@pytest.mark.parametrize("name", ["class", "std", "tflite", "main"])
def test_a_name_that_cannot_be_a_namespace_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        write(tmp_path, config=EmbedConfig(component=name))
    assert caught.value.code == "component-name"
