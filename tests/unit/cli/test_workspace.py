"""In a workflow nothing outside of the workspace is read or written, whatever the configuration says."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from quantci.cli import options
from quantci.cli.settings import Settings, load, output_of_broken
from quantci.cli.workspace import Workspace
from quantci.errors import ConfigError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    (tmp_path / "secret").mkdir()
    (folder / "inside").mkdir()
    (folder / "link").symlink_to(tmp_path / "secret")
    return folder


def parse(file: Path, *argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    options.add_arguments(parser)
    return parser.parse_args(["--config", str(file), *argv])


def settings(root: Path, *, top: str = "", **values: str) -> Settings:
    keys = {"source": "inside/m.tflite", "calibration": "inside", "evaluation": "inside"} | values
    file = root / "quantci.toml"
    file.write_text(
        f'{top}\n[model]\nsource = "{keys["source"]}"\nquantized = "{keys.get("quantized", "q.tflite")}"\n'
        f'[calibration]\ndata = "{keys["calibration"]}"\n'
        f'[evaluation]\ndata = "{keys["evaluation"]}"\n[embed]\ncustom_ops = {{ A = "{keys.get("header", "a.h")}" }}\n'
        f'[target]\nlatency_coefficients = "{keys.get("board", "board.json")}"\n'
    )
    return load(parse(file), {"QUANTCI_WORKSPACE": str(root)})


def test_what_earlier_runs_kept_is_not_taken_where_a_pull_request_could_have_brought_it(tmp_path: Path) -> None:
    guarded = settings(tmp_path)
    assert guarded.kept_in is None
    assert load(parse(guarded.file), {}).kept_in == guarded.output


def test_every_key_that_names_a_file_is_guarded() -> None:
    """Whoever adds a key with text in it says here which of the two it is."""
    texts = {key.path for key in options.all_keys() if re.search(r"\bstr[],]|\[str[],]", str(key.type))}
    words = {
        "model.signature",
        "task.labels",
        "task.metrics",
        "target.chip",
        "target.esp_nn",
        "target.esp_tflite_micro",
        "embed.component",
        "evaluation.leak_accepted",
        "device.port",
        "device.serial_number",
        "device.emulator_command",
        "device.power_command",
        "device.firmware_id",
        "quantization.recipe",
        "ladder.recipes",
        "qat.fine_tune",
        "qat.loss",
    }
    words |= {f"gates.max_{what}_growth" for what in ("model", "arena", "latency")}
    assert {key.path for key in options.all_keys() if key.is_path} == texts - words
    assert words < texts


@pytest.mark.parametrize(
    ("line", "option"),
    [
        ('port = "socket://10.0.0.1:22"', "--device-port=socket://10.0.0.1:22"),
        ('image = "evil.bin"', "--device-image=evil.bin"),
        ('power_command = ["curl", "evil"]', "--device-power-command=curl,evil"),
        ('emulator_command = ["sh", "-c", "curl evil"]', "--device-emulator-command=sh,-c,curl evil"),
    ],
)
def test_what_starts_a_program_or_opens_a_port_is_not_a_strangers_to_choose(
    root: Path, line: str, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In quantci.toml it comes with a pull request; an input of the action comes with the workflow."""
    allowed = {"QUANTCI_WORKSPACE": str(root), "QUANTCI_ALLOW_CODE": "true"}
    settings(root)
    monkeypatch.chdir(root)
    load(parse(root / "quantci.toml", option), {**allowed, "QUANTCI_ALLOW_CODE": "false"})
    with (root / "quantci.toml").open("a") as file:
        file.write(f"\n[device]\n{line}\n")
    load(parse(root / "quantci.toml"), {})
    load(parse(root / "quantci.toml"), allowed)
    with pytest.raises(ConfigError) as caught:
        load(parse(root / "quantci.toml"), {**allowed, "QUANTCI_ALLOW_CODE": "false"})
    assert caught.value.code == "code-not-allowed"


def test_a_header_given_as_an_option_starts_from_the_working_folder(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(root)
    (root / "elsewhere").mkdir()
    monkeypatch.chdir(root / "elsewhere")
    found = load(parse(root / "quantci.toml", "--embed-custom-ops", "A=b.h"), {"QUANTCI_WORKSPACE": str(root)})
    assert found.config.embed.custom_ops == {"A": "elsewhere/b.h"}


def test_what_lies_inside_is_fine(root: Path) -> None:
    assert settings(root).config.model.source == "inside/m.tflite"
    assert settings(root, source=str(root / "inside/m.tflite")).output.name == "quantci"


@pytest.mark.parametrize("path", ["/etc", "../secret", "link", "link/x", "inside/../../secret", "inside/../link"])
@pytest.mark.parametrize("key", ["source", "quantized", "calibration", "evaluation", "header", "board"])
def test_what_leads_out_is_refused_by_its_key(root: Path, key: str, path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(root, **{key: path})
    assert caught.value.code == "outside-workspace"
    names = {
        "source": "model.source",
        "quantized": "model.quantized",
        "header": "embed.custom_ops.A",
        "board": "target.latency_coefficients",
    }
    assert caught.value.where.endswith(names.get(key, f"{key}.data"))


@pytest.mark.parametrize("path", ["/tmp/x", "../x", "link/x"])
def test_so_is_an_output_folder(root: Path, path: str) -> None:
    with pytest.raises(ConfigError, match="output_dir"):
        settings(root, top=f'output_dir = "{path}"')


def test_links_in_the_output_folder_and_in_a_saved_model_lead_nowhere_either(root: Path, tmp_path: Path) -> None:
    (root / "out" / "component").mkdir(parents=True)
    (root / "out" / "component" / "x").symlink_to(tmp_path / "secret")
    with pytest.raises(ConfigError, match="output_dir: x"):
        settings(root, top='output_dir = "out"')
    (root / "saved").mkdir()
    (root / "saved" / "saved_model.pb").symlink_to("/etc/hostname")
    with pytest.raises(ConfigError, match=r"saved_model\.pb"):
        settings(root, source="saved")


def test_a_configuration_that_is_a_link_out_is_not_opened(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret" / "quantci.toml").write_text("password = 1")
    (root / "quantci.toml").symlink_to(tmp_path / "secret" / "quantci.toml")
    with pytest.raises(ConfigError) as caught:
        load(parse(root / "quantci.toml"), {"QUANTCI_WORKSPACE": str(root)})
    assert caught.value.code == "outside-workspace"
    assert "password" not in str(caught.value)


def test_options_and_variables_are_held_in_too_and_named(root: Path) -> None:
    settings(root)
    with pytest.raises(ConfigError, match="--output-dir"):
        load(parse(root / "quantci.toml", "--output-dir", "/tmp/x"), {"QUANTCI_WORKSPACE": str(root)})
    with pytest.raises(ConfigError, match="QUANTCI_MODEL_SOURCE"):
        load(parse(root / "quantci.toml"), {"QUANTCI_WORKSPACE": str(root), "QUANTCI_MODEL_SOURCE": "/etc/passwd"})


@pytest.mark.parametrize("text", ['output_dir = "/tmp/elsewhere"\n[model]]', 'output_dir = "../x"\n[model]]'])
def test_the_report_of_a_broken_configuration_stays_inside(root: Path, text: str) -> None:
    (root / "quantci.toml").write_text(text)
    arguments = parse(root / "quantci.toml")
    assert output_of_broken(arguments, {"QUANTCI_WORKSPACE": str(root)}) == root / "build/quantci"


def test_the_firmware_that_the_workflow_built_may_lie_in_the_runners_temporary_folder(
    root: Path, tmp_path: Path
) -> None:
    """actions/firmware leaves it there; what quantci.toml names is of the repository, and has no business there."""
    settings(root)
    temporary, elsewhere = tmp_path / "temporary", tmp_path / "secret"
    temporary.mkdir()
    (temporary / "link").symlink_to(elsewhere)
    given = {"QUANTCI_WORKSPACE": str(root), "QUANTCI_ALLOW_CODE": "false", "RUNNER_TEMP": str(temporary)}
    image = f"{temporary}/bench.bin"
    arguments = parse(root / "quantci.toml")
    load(arguments, {**given, "QUANTCI_DEVICE_IMAGE": image})
    for path in (f"{elsewhere}/bench.bin", f"{temporary}/link/bench.bin", f"{temporary}/../secret/bench.bin"):
        with pytest.raises(ConfigError, match="outside the workspace"):
            load(arguments, {**given, "QUANTCI_DEVICE_IMAGE": path})
    with pytest.raises(ConfigError, match="outside the workspace"):
        load(arguments, {**given, "QUANTCI_MODEL_SOURCE": f"{temporary}/model.tflite"})
    with (root / "quantci.toml").open("a") as file:
        file.write(f'\n[device]\nkind = "emulated"\nimage = "{image}"\n')
    with pytest.raises(ConfigError, match="outside the workspace"):
        load(arguments, given)


def test_a_desk_has_no_walls(root: Path) -> None:
    settings(root)
    assert load(parse(root / "quantci.toml", "--output-dir", str(root.parent / "x")), {}).allow_code


@pytest.mark.parametrize(("word", "allowed"), [("true", True), ("TRUE", True), ("false", False), ("", True)])
def test_whether_code_may_run(word: str, allowed: bool) -> None:
    assert Workspace.of({"QUANTCI_ALLOW_CODE": word}).allow_code is allowed


def test_another_word_is_no_answer() -> None:
    with pytest.raises(ConfigError, match="neither true nor false"):
        Workspace.of({"QUANTCI_ALLOW_CODE": "maybe"})
