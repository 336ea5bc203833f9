"""quantci.toml, the environment and the command line give one configuration, and each fault names its place."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from tests.known import known

from quantci.cli import options
from quantci.cli.settings import Settings, load
from quantci.errors import ConfigError

MINIMAL = """
[model]
source = "m.keras"
[calibration]
data = "calib"
[evaluation]
data = "val"
"""


def settings(tmp_path: Path, text: str, argv: list[str] | None = None, env: dict[str, str] | None = None) -> Settings:
    file = tmp_path / "quantci.toml"
    file.write_text(text)
    parser = argparse.ArgumentParser()
    options.add_recipe(parser)
    options.add_arguments(parser)
    return load(parser.parse_args(["--config", str(file), *(argv or [])]), env or {})


def fault(tmp_path: Path, text: str, argv: list[str] | None = None, env: dict[str, str] | None = None) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, text, argv, env)
    assert caught.value.exit_code == 2
    assert caught.value.remedy
    return caught.value


def test_defaults_fill_what_the_file_leaves_out(tmp_path: Path) -> None:
    config = settings(tmp_path, MINIMAL).config
    assert config.calibration.samples == 300
    assert config.quantization.input_type == "int8"
    assert config.output_dir == "build/quantci"


def test_command_line_wins_over_environment_over_file(tmp_path: Path) -> None:
    text = MINIMAL + '[quantization]\ninput_type = "uint8"\noutput_type = "uint8"\n[task]\ntop_k = 1\n'
    env = {"QUANTCI_QUANTIZATION_INPUT_TYPE": "int8", "QUANTCI_TASK_TOP_K": "2"}
    config = settings(tmp_path, text, ["--task-top-k", "4"], env).config
    assert (config.quantization.input_type, config.quantization.output_type, config.task.top_k) == ("int8", "uint8", 4)


def test_every_key_has_an_option_and_a_variable() -> None:
    names = {key.path: (key.option, key.variable) for key in options.all_keys()}
    assert names["gates.max_metric_drop"] == ("--gates-max-metric-drop", "QUANTCI_GATES_MAX_METRIC_DROP")
    assert names["output_dir"] == ("--output-dir", "QUANTCI_OUTPUT_DIR")
    assert all(key.help for key in options.all_keys()), "a key without a description"
    assert len(names) == len({option for option, _ in names.values()})


@pytest.mark.parametrize(
    ("argv", "section", "field", "expected"),
    [
        (["--task-labels", "a, b,c"], "task", "labels", ("a", "b", "c")),
        (["--task-labels", '["x,y", "z"]'], "task", "labels", ("x,y", "z")),
        (["--input-mean", "1,2.5,3"], "input", "mean", (1.0, 2.5, 3.0)),
        (["--quantization-strip", "false"], "quantization", "strip", False),
        (["--gates-max-metric-drop", "0.02"], "gates", "max_metric_drop", 0.02),
        (["--embed-custom-ops", "MyOp=ops/my_op.h"], "embed", "custom_ops", {"MyOp": "ops/my_op.h"}),
    ],
)
def test_text_becomes_the_keys_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: list[str], section: str, field: str, expected: object
) -> None:
    monkeypatch.chdir(tmp_path)
    config = settings(tmp_path, MINIMAL, argv).config
    assert getattr(getattr(config, section), field) == expected


def test_paths_on_the_command_line_are_relative_to_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path)
    found = settings(tmp_path / "project", MINIMAL, ["--model-source", "elsewhere/m.h5", "--output-dir", "out"])
    assert (found.base / known(found.config.model.source)).resolve() == tmp_path / "elsewhere" / "m.h5"
    assert found.output.resolve() == tmp_path / "out"


def test_a_function_as_the_source_is_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    given = ["--model-source", "nets.lights:build", "--model-weights", "lights.pt"]
    model = settings(tmp_path, MINIMAL, given).config.model
    assert (model.source, model.weights) == ("nets.lights:build", "elsewhere/lights.pt")


def test_an_unknown_key_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    error = fault(tmp_path, MINIMAL + '[quantization]\ninputtype = "int8"\n')
    assert error.code == "config-key"
    assert "quantization.inputtype" in error.cause
    assert "quantization.input_type" in error.remedy


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("[model\n", "config-syntax", "line 1"),
        ("", "config-missing", "model"),
        (MINIMAL.replace('source = "m.keras"', ""), "config-missing", "model.source"),
        (MINIMAL.replace('data = "calib"', ""), "config-missing", "calibration.data"),
        (MINIMAL + "[gates]\nmax_metric_drop = 2\n", "config-value", "<= 1.0"),
        (MINIMAL + '[gates]\nmax_metric_drop = "a"\n', "config-value", "float"),
        (MINIMAL + '[task]\nlabels = ["a", 3]\n', "config-value", "str"),
        (MINIMAL + '[task]\nkind = "detection"\n', "config-value", "detection"),
        (MINIMAL + '[target]\nchip = "esp33"\n', "config-value", "esp33"),
        (MINIMAL.replace("[model]", "model = 3\n[x]"), "config-value", "int"),
        (MINIMAL.replace("m.keras", "m\\u0000.keras"), "config-value", "NUL"),
        (MINIMAL + '[ladder]\ntuning = "a\\u0000"\n', "config-value", "NUL"),
    ],
)
def test_a_wrong_file_is_explained(tmp_path: Path, text: str, code: str, part: str) -> None:
    error = fault(tmp_path, text)
    assert error.code == code
    assert part in error.cause
    assert "quantci.toml" in error.where


def test_a_wrong_option_names_the_option_not_the_file(tmp_path: Path) -> None:
    assert fault(tmp_path, MINIMAL, ["--calibration-samples", "many"]).where == "--calibration-samples"
    env = {"QUANTCI_CALIBRATION_SAMPLES": "0"}
    assert fault(tmp_path, MINIMAL, env=env).where == "QUANTCI_CALIBRATION_SAMPLES"


def test_a_missing_file_says_how_to_write_one(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    options.add_arguments(parser)
    with pytest.raises(ConfigError, match="quantci init") as caught:
        load(parser.parse_args(["--config", str(tmp_path / "none.toml")]), {})
    assert caught.value.code == "config-not-found"


def test_the_digest_follows_the_effective_values(tmp_path: Path) -> None:
    plain = settings(tmp_path, MINIMAL)
    spelled_out = settings(tmp_path, MINIMAL + "[task]\ntop_k = 3\n")
    changed = settings(tmp_path, MINIMAL, ["--task-top-k", "2"])
    assert plain.sha256 == spelled_out.sha256 != changed.sha256


def test_a_recipe_is_known_or_the_nearest_one_is_named(tmp_path: Path) -> None:
    given = settings(tmp_path, MINIMAL, ["--recipe", "cle+percentile-99.9"])
    assert given.config.quantization.recipe == "cle+percentile-99.9"
    error = fault(tmp_path, MINIMAL + '[quantization]\nrecipe = "percentil-99.9"\n')
    assert (error.code, error.where.split(": ")[-1]) == ("recipe", "quantization.recipe")
    assert "Did you mean percentile-99.9?" in error.remedy
    assert fault(tmp_path, MINIMAL, ["--recipe", "cel"]).where == "--quantization-recipe"


def test_an_unknown_chip_is_told_where_it_stands_and_which_there_are(tmp_path: Path) -> None:
    error = fault(tmp_path, MINIMAL, env={"QUANTCI_TARGET_CHIP": "esp33"})
    assert error.where == "QUANTCI_TARGET_CHIP"
    assert "esp32s3-n8r8" in error.remedy
    assert settings(tmp_path, MINIMAL, ["--target-chip", "esp32p4"]).config.target.chip == "esp32p4"


def test_a_file_that_is_no_configuration_is_not_read(tmp_path: Path) -> None:
    assert "larger than 1 MB" in str(fault(tmp_path, "#" * 1_000_001))
    assert fault(tmp_path, "a = " + "[" * 100_000).code == "config-syntax"


def test_an_old_key_names_the_new_one(tmp_path: Path) -> None:
    error = fault(tmp_path, MINIMAL + "[gates]\nmax_accuracy_drop = 0.02\n")
    assert (error.code, "gates.max_metric_drop" in error.remedy) == ("config-key", True)
    error = fault(tmp_path, MINIMAL, env={"QUANTCI_GATES_MAX_ACCURACY_DROP": "0.02"})
    assert error.where == "QUANTCI_GATES_MAX_ACCURACY_DROP"
    assert "QUANTCI_GATES_MAX_METRIC_DROP" in error.remedy


def test_an_int8_model_of_ones_own_needs_neither_a_source_nor_a_calibration_set(tmp_path: Path) -> None:
    config = settings(tmp_path, '[model]\nquantized = "q.tflite"\n[evaluation]\ndata = "val"\n').config
    assert (config.model.source, config.model.quantized, config.calibration.data) == (None, "q.tflite", None)
    assert config.model.file == "q.tflite"
    both = settings(tmp_path, MINIMAL, ["--model-quantized", str(tmp_path / "q.tflite")]).config
    assert (both.model.source, both.model.quantized, both.model.file) == ("m.keras", "q.tflite", "m.keras")


def test_a_model_that_is_named_needs_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model")
    options.add_arguments(parser)
    monkeypatch.chdir(tmp_path)
    found = load(parser.parse_args(["--model", "own.tflite", "--embed-component", "mine"]), {})
    assert (found.config.model.quantized, found.config.embed.component) == ("own.tflite", "mine")
    assert not (tmp_path / found.config.evaluation.data).exists()
    with pytest.raises(ConfigError, match="config-not-found"):
        load(parser.parse_args([]), {})
    with pytest.raises(ConfigError, match="config-not-found"):
        load(parser.parse_args(["--model", "own.tflite", "--config", "other.toml"]), {})
