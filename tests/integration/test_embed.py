"""The generated component, compiled by a C++ compiler and asked what it holds."""

import random
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.models import graph_of
from tests.unit.embed.sample import example_model, int8_model, tensor_info

from quantci.chip.arena.estimate import estimate_arena
from quantci.chip.datasheet import load_chip
from quantci.chip.esp_nn.version import ESP_TFLITE_MICRO, VERSION
from quantci.chip.graph import read_graph
from quantci.chip.known_bad.release import Release
from quantci.embed.component import write_component
from quantci.embed.picture import InputConstants
from quantci.embed.resolver import make_resolver, used_ops
from quantci.records.config import EmbedConfig
from quantci.tflite.tflm_ops import RESOLVER_METHODS

STUBS = Path(__file__).parent.parent / "firmware_stubs"
COMPILER = shutil.which("g++")
FLAGS = ["-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic"]
pytestmark = pytest.mark.skipif(COMPILER is None, reason="needs g++")

CUSTOM_HEADER = """\
#ifndef MINE_H_
#define MINE_H_
namespace tflite {
inline TFLMRegistration* Register_My_Op() {
  static TFLMRegistration registration = {"mine"};
  return &registration;
}
}  // namespace tflite
#endif  // MINE_H_
"""

RELEASE = Release(VERSION, ESP_TFLITE_MICRO, "It is asked for here.", [])


def run_component(folder: Path) -> dict[str, list[str]]:
    """Compile the component with our main, run it, and return the printed values by name."""
    methods = folder.parent / "methods"
    methods.mkdir()
    (methods / "add_methods.inc").write_text(
        "".join(f"QUANTCI_ADD({name})\n" for name in sorted(set(RESOLVER_METHODS.values())))
    )
    sources = [STUBS / "print_component.cc", *sorted(folder.glob("*.cc")), *sorted(folder.glob("*.S"))]
    includes = [f"-I{path}" for path in (folder / "include", folder, STUBS, methods)]
    program = folder.parent / "program"
    subprocess.run([str(COMPILER), *FLAGS, *includes, *map(str, sources), "-o", str(program)], check=True, timeout=600)
    printed = subprocess.run([program], check=True, capture_output=True, text=True, timeout=600).stdout
    values = defaultdict(list)
    for line in printed.splitlines():
        name, _, value = line.partition("=")
        values[name].append(value)
    return values


def numbers(text: str) -> list[float]:
    return [float(number) for number in text.rstrip(",").split(",")]


def nasty_labels() -> list[str]:
    generator = random.Random(0)
    alphabet = "\"\\?/'*%n0aF9 \n\r\t\x01\x7f\u00e9\u2028\U0001f6a6{}<>#"
    return ["", "plain", "*/", "\xff1", *("".join(generator.choices(alphabet, k=9)) for _ in range(200))]


@pytest.mark.parametrize("storage", ["array", "binary"])
def test_what_the_compiler_reads_is_what_was_embedded(tmp_path: Path, storage: Any) -> None:
    (tmp_path / "ops").mkdir()
    (tmp_path / "ops" / "mine.h").write_text(CUSTOM_HEADER)
    model = example_model("My-Op")
    labels = nasty_labels()
    table = np.random.RandomState(1).randint(-128, 128, (3, 256)).tolist()
    summary = model.summary
    config = EmbedConfig(storage=storage, custom_ops={"My-Op": "ops/mine.h"})
    graph = read_graph(model)
    arena = estimate_arena(graph, "esp32s3", load_chip("esp32s3"), host_bytes=lambda: 3000)
    assert arena is not None
    write_component(
        tmp_path / "part",
        model=model,
        config=config,
        labels=labels,
        lookup_table=table,
        constants=InputConstants(
            size=(8, 8, 3), statistics=((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)), is_bgr=True
        ),
        arena=arena,
        release=RELEASE,
        resolver=make_resolver(used_ops(graph), config.custom_ops, tmp_path),
    )

    values = run_component(tmp_path / "part")

    assert bytes.fromhex(values["model"][0]) == model.data
    assert values["sha256"] == [model.sha256]
    assert values["misaligned"] == ["0"]
    assert values["arena"] == [str(arena.recommended_bytes)]
    assert values["counts"] == [f"1,1,{len(labels)}"]
    assert values["ranks"] == ["4,2"]
    assert values["types"] == ["int8,int8"]
    assert numbers(values["input_dims"][0]) == summary.inputs[0].shape
    assert numbers(values["output_dims"][0]) == summary.outputs[0].shape
    assert numbers(values["quantization"][0]) == [
        summary.inputs[0].scale[0],
        summary.inputs[0].zero_point[0],
        summary.outputs[0].scale[0],
        summary.outputs[0].zero_point[0],
    ]
    assert numbers(values["size"][0]) == [8, 8, 3]
    assert numbers(values["mean"][0]) == np.array([123.675, 116.28, 103.53], np.float32).tolist()
    assert numbers(values["std"][0]) == np.array([58.395, 57.12, 57.375], np.float32).tolist()
    assert [bytes.fromhex(label).decode() for label in values["label"]] == labels
    assert [int(value) for value in values["pixel"]] == [value for row in table for value in row]
    assert values["registered"] == ["0"]
    assert values["op"] == ["AddConv2D ", "AddDepthwiseConv2D ", "AddReshape ", "AddSoftmax ", "My-Op mine"]


@pytest.mark.parametrize("storage", ["array", "binary"])
def test_two_components_with_nothing_optional_link_into_one_firmware(tmp_path: Path, storage: Any) -> None:
    outputs = [tensor_info("a*/\\", [], [], [], "float32"), tensor_info("b", [1, 32], [1 / 256], [0], "uint8")]
    for component in ("one", "two"):
        write_component(
            tmp_path / component,
            model=example_model(outputs=outputs),
            config=EmbedConfig(storage=storage, component=component),
            labels=[],
            lookup_table=None,
            constants=InputConstants(),
            arena=None,
            release=RELEASE,
            resolver=make_resolver(used_ops(graph_of(int8_model())), {}, tmp_path),
        )
    (tmp_path / "main.cc").write_text(
        '#include <cstring>\n#include "one/model.h"\n#include "two/model.h"\n'
        "int main() {\n  static_assert(one::kLabelCount == 0 && one::kLabels == nullptr);\n"
        "  return &one::kModel == &two::kModel || std::memcmp(one::kModel, two::kModel, one::kModelSize) != 0;\n}\n"
    )
    objects = []
    for component in ("one", "two"):
        folder = tmp_path / component
        for source in [*folder.glob("*.cc"), *folder.glob("*.S")]:
            objects.append(str(tmp_path / f"{component}_{source.name}.o"))
            includes = [f"-I{folder}", f"-I{folder / 'include'}"]
            subprocess.run(
                [str(COMPILER), *FLAGS, *includes, "-c", str(source), "-o", objects[-1]], check=True, timeout=600
            )
    includes = [f"-I{tmp_path / component / 'include'}" for component in ("one", "two")]
    program = tmp_path / "program"
    subprocess.run(
        [str(COMPILER), *FLAGS, *includes, str(tmp_path / "main.cc"), *objects, "-o", str(program)],
        check=True,
        timeout=600,
    )
    subprocess.run([program], check=True, timeout=600)
