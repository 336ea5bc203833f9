"""A source model cannot be turned: none of its code runs, whatever format and command, and no link is followed."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from tests.integration.command import Command
from tests.integration.hostile_models import lambda_layer, with_config, with_layer
from tests.integration.pictures import report_of

from quantci.errors import ModelRejected, QuantciError
from quantci.records.base import decode
from quantci.records.config import ModelConfig
from quantci.records.keras_model import KerasSummary
from quantci.source.open_source import open_source
from quantci.tflite.model import Model
from quantci.workers.jail import Jail

FORMATS = {"model.keras": "keras", "model.h5": "hdf5", "legacy.h5": "hdf5-legacy"}


def convert(path: Path) -> Model:
    """What every command does with a source."""
    with Jail(where=str(path)) as jail:
        return open_source(path, ModelConfig(signature="serving_default"), jail=jail).convert()


def refused(path: Path) -> QuantciError:
    with pytest.raises(QuantciError) as caught:
        convert(path)
    return caught.value


@pytest.mark.parametrize("name", FORMATS)
def test_a_lambda_layer_runs_through_no_command(quantci: Command, project: Path, sources: Path, name: str) -> None:
    marker = project / "marker"
    evil = with_layer(sources / name, project / f"evil{Path(name).suffix}", lambda_layer(marker, FORMATS[name]))
    runs: dict[str, tuple[object, ...]] = {
        "quantize": ("quantize", "--model-source", evil.name),
        "pipeline": ("pipeline", "--model-source", evil.name),
        "init": ("init", evil.name, "--config", "new.toml"),
    }
    for what, arguments in runs.items():
        done = quantci(*arguments, cwd=project)
        assert done.code == 2, (what, done.err)
        message = done.err.splitlines()[-1]
        assert message.endswith("[format-not-accepted]"), (what, done.err)
        assert "Layer 'evil' is a Lambda layer, which is code from the file; it is not run." in message
        assert not marker.exists(), what
    assert not (project / "new.toml").exists()
    assert report_of(project).status == "model_rejected"
    done = quantci("inspect", evil.name, cwd=project)
    assert (done.code, done.err) == (0, "")
    assert "refused: Layer 'evil' is a Lambda layer" in done.out
    assert [line for line in done.out.splitlines() if {"evil", "no"} <= set(line.split())]
    assert not marker.exists()


@pytest.mark.parametrize("name", FORMATS)
def test_a_lambda_layer_does_not_run_in_the_action(
    quantci: Command, project: Path, sources: Path, images: Path, name: str
) -> None:
    marker = project / "marker"
    evil = with_layer(sources / name, project / f"evil{Path(name).suffix}", lambda_layer(marker, FORMATS[name]))
    shutil.copytree(images, project / "data")
    text = (project / "quantci.toml").read_text().replace(str(images), "data")
    (project / "quantci.toml").write_text(re.sub(r'source = ".*"', f'source = "{evil.name}"', text))
    action = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(project), "QUANTCI_CONFIG": "quantci.toml"}
    done = quantci("action", "quantize", cwd=project, environment={**os.environ, **action})
    assert done.code == 2, done.err
    assert "format-not-accepted" in done.out + done.err
    assert not marker.exists()


def test_each_way_around_safe_mode_is_refused_before_a_loader_sees_the_file(sources: Path, tmp_path: Path) -> None:
    evil = {
        "module": "keras.utils",
        "class_name": "function",
        "config": "get_file",
        "registered_name": "get_file",
    }

    def activation(config: dict[str, Any]) -> None:
        config["config"]["layers"][1]["config"]["activation"] = evil

    for name in FORMATS:
        error = refused(with_config(sources / name, tmp_path / name, activation))
        assert error.code == "custom-layer"
        assert "keras.utils.get_file" in error.cause


def test_an_own_class_names_itself_its_layer_and_the_remedy(sources: Path, tmp_path: Path) -> None:
    def rename(config: dict[str, Any]) -> None:
        config["config"]["layers"][1] |= {"class_name": "Mine", "module": None, "registered_name": "lab>Mine"}
        config["config"]["layers"][1]["config"]["name"] = "third"

    for name in FORMATS:
        error = refused(with_config(sources / name, tmp_path / name, rename))
        assert (error.code, "model.export" in error.remedy) == ("custom-layer", True)
        assert "'third'" in error.cause
        assert "Mine" in error.cause


def hdf5(change: Callable[[h5py.File, Path], None]) -> Callable[[Path, Path], None]:
    """Change the weights, wherever a format has them."""

    def apply(path: Path, secret: Path) -> None:
        if path.suffix == ".h5":
            with h5py.File(path, "r+") as file:
                change(file, secret)
            return
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        weights = io.BytesIO(members["model.weights.h5"])
        with h5py.File(weights, "r+") as file:
            change(file, secret)
        members["model.weights.h5"] = weights.getvalue()
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in members.items():
                archive.writestr(name, data)

    return apply


def external_link(file: h5py.File, secret: Path) -> None:
    file["more"] = h5py.ExternalLink(str(secret), "/")


def soft_link(file: h5py.File, secret: Path) -> None:
    file["more"] = h5py.SoftLink("/somewhere")


def external_data(file: h5py.File, secret: Path) -> None:
    file.create_dataset("more", (8,), "u1", external=[(str(secret), 0, 8)])


def virtual_data(file: h5py.File, secret: Path) -> None:
    layout = h5py.VirtualLayout(shape=(8,), dtype="u1")
    layout[:] = h5py.VirtualSource(str(secret), "x", shape=(8,))
    file.create_virtual_dataset("more", layout)


def a_group_in_itself(file: h5py.File, secret: Path) -> None:
    file["more"] = file["/"]


def references(file: h5py.File, secret: Path) -> None:
    file.create_dataset("more", (1,), h5py.ref_dtype)[0] = file.ref


def huge_data(file: h5py.File, secret: Path) -> None:
    file.create_dataset("more", (2**20, 2**20), "f4", chunks=(1024, 1024))


def archive(add: dict[str, bytes], without: tuple[str, ...] = ()) -> Callable[[Path, Path], None]:
    def apply(path: Path, secret: Path) -> None:
        with zipfile.ZipFile(path) as old:
            members = [(name, old.read(name)) for name in old.namelist() if name not in without]
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
            for name, data in [*members, *add.items()]:
                new.writestr(name, data)

    return apply


def attributes(**values: Any) -> Callable[[Path, Path], None]:
    def apply(path: Path, secret: Path) -> None:
        with h5py.File(path, "r+") as file:
            for name, value in values.items():
                del file.attrs[name]
                if value is not None:
                    file.attrs[name] = value

    return apply


DEEP = '{"class_name":' * 100_000
TURNED: dict[str, tuple[str, Callable[[Path, Path], None], str]] = {
    **{
        f"{change.__name__} in {name}": (name, hdf5(change), "too-large" if change is huge_data else "malformed")
        for change in (external_link, soft_link, external_data, virtual_data, a_group_in_itself, references, huge_data)
        for name in FORMATS
    },
    "a path in the archive": ("model.keras", archive({"../../evil": b"x"}), "malformed"),
    "an asset": ("model.keras", archive({"assets/vocabulary.txt": b"x"}), "malformed"),
    "arrays as pickles": ("model.keras", archive({"model.weights.npz": b"x"}, ("model.weights.h5",)), "malformed"),
    "no configuration": ("model.keras", archive({}, ("config.json",)), "malformed"),
    "no weights": ("model.keras", archive({}, ("model.weights.h5",)), "malformed"),
    "a bomb": ("model.keras", archive({"config.json": b" " * 20_000_000}, ("config.json",)), "too-large"),
    "no JSON": ("model.keras", archive({"config.json": b"{"}, ("config.json",)), "malformed"),
    "deep JSON": ("model.keras", archive({"config.json": DEEP.encode()}, ("config.json",)), "malformed"),
    "a list": ("model.keras", archive({"config.json": b"[]"}, ("config.json",)), "malformed"),
    "weights that are none": (
        "model.keras",
        archive({"model.weights.h5": b"\x89HDF\r\n\x1a\n" + b"\xff" * 99}, ("model.weights.h5",)),
        "malformed",
    ),
    "no model": ("legacy.h5", attributes(model_config=None), "weights-only"),
    "a model of numbers": ("legacy.h5", attributes(model_config=np.arange(4)), "malformed"),
    "deep HDF5": ("legacy.h5", attributes(model_config=DEEP[:60_000]), "malformed"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize("what", TURNED)
def test_a_file_that_leads_elsewhere_or_claims_too_much_is_refused(sources: Path, tmp_path: Path, what: str) -> None:
    name, change, code = TURNED[what]
    path = tmp_path / name
    shutil.copy(sources / name, path)
    secret = tmp_path / "secret"
    secret.write_bytes(b"a secret of the runner")
    change(path, secret)
    error = refused(path)
    assert error.code == code, error
    assert error.where == str(path)
    assert isinstance(error, ModelRejected)


def test_a_configuration_twice_in_the_archive_is_refused(sources: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    shutil.copy(sources / "model.keras", path)
    with zipfile.ZipFile(path, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("config.json", b"{}")
    assert refused(path).code == "malformed"


def test_another_version_in_the_file_chooses_no_laxer_reader(sources: Path, tmp_path: Path) -> None:
    for name, kind in (("model.h5", "hdf5"), ("legacy.h5", "hdf5-legacy")):
        for version in ("2.15.0", "3.9.9", "", "9" * 1000, np.arange(3)):
            marker = tmp_path / "marker"
            path = with_layer(sources / name, tmp_path / name, lambda_layer(marker, kind))
            attributes(keras_version=version)(path, marker)
            assert refused(path).code == "format-not-accepted"
            assert not marker.exists()


def test_a_saved_model_that_reads_a_file_is_refused(sources: Path) -> None:
    error = refused(sources / "reads")
    assert error.code == "unsafe-op"
    assert "ReadFile" in error.cause


def test_a_saved_model_with_a_link_is_refused(sources: Path, tmp_path: Path) -> None:
    shutil.copytree(sources / "fixed_batch", tmp_path / "linked")
    data = next((tmp_path / "linked" / "variables").glob("*.data*"))
    data.unlink()
    data.symlink_to("/etc/hostname")
    assert refused(tmp_path / "linked").code == "path"


def test_inspect_shows_a_keras_model_without_tensorflow(quantci: Command, tmp_path: Path, sources: Path) -> None:
    for name, kind in FORMATS.items():
        done = quantci("inspect", sources / name, "--json", cwd=tmp_path)
        assert (done.code, done.err) == (0, ""), done.err
        summary = decode(done.out.encode(), KerasSummary)
        assert (summary.format, summary.refused) == (kind, [])
        # 3 x 3 x 3 x 8 + 8, 3 x 3 x 8 + 8, 8 x 16 + 16, 16 x 3 + 3: worked out by hand
        assert [layer.parameters for layer in summary.layers if layer.weight_shapes] == [224, 80, 144, 51]
        assert summary.parameter_count == 499
        assert summary.layers[0].input_shape == [-1, 16, 16, 3]
        assert [layer.layer for layer in summary.layers][:3] == ["InputLayer", "Conv2D", "DepthwiseConv2D"]
        done = quantci("inspect", sources / name, cwd=tmp_path)
        assert "499 parameters" in done.out
        assert any(
            {"DepthwiseConv2D", "3x3x8x1", "yes"} <= set(re.split(r"[ ,]+", line)) for line in done.out.splitlines()
        )


def test_inspect_of_a_broken_keras_file_is_one_message(quantci: Command, tmp_path: Path, sources: Path) -> None:
    for name in FORMATS:
        (tmp_path / name).write_bytes((sources / name).read_bytes()[:3000])
        done = quantci("inspect", name, cwd=tmp_path)
        assert (done.code, len(done.err.splitlines())) == (2, 1)
        assert done.err.rstrip().endswith("[malformed]")


def test_every_name_in_the_lists_is_one_of_keras_and_none_is_forgotten(sources: Path) -> None:
    assert json.loads((sources / "keras_classes.json").read_bytes()) == {"unknown": [], "forgotten": []}
