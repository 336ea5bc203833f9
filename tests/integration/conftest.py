"""Small models, their sources and data sets, made once for all integration tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from filelock import FileLock
from tests.integration.command import Command
from tests.integration.pictures import write_images
from tests.integration.recordings import write_recordings

# Its models are made with what comes with TensorFlow.
collect_ignore = [] if find_spec("h5py") else ["test_hostile_sources.py"]
# These need what the session roads has.
collect_ignore += [] if find_spec("onnx2tf") else ["test_onnx.py", "test_onnx_kinds.py", "test_road_examples.py"]


@pytest.fixture(scope="session")
def quantci() -> Iterator[Command]:
    """Run the command as a user would, in a folder of one's own."""
    with Command() as command:
        yield command


@pytest.fixture(scope="session")
def needs_tensorflow() -> None:
    """Skip what asks for this where TensorFlow is not installed: it takes no part on every Python."""
    if find_spec("tensorflow") is None:
        pytest.skip("needs TensorFlow")


@pytest.fixture(scope="session")
def sources(needs_tensorflow: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of source models of one and the same network in every format, written by real TensorFlow."""
    folder = tmp_path_factory.getbasetemp() / "sources"
    if "PYTEST_XDIST_WORKER" in os.environ:  # the workers share one
        folder = tmp_path_factory.getbasetemp().parent / "sources"
    with FileLock(f"{folder}.lock", timeout=600):
        if not folder.exists():
            made = Path(f"{folder}.part")
            made.mkdir(exist_ok=True)
            subprocess.run([sys.executable, Path(__file__).with_name("make_sources.py"), made], check=True, timeout=600)
            made.rename(folder)
    return folder


@pytest.fixture(scope="session")
def model() -> Path:
    """A float .tflite that make_sources.py once wrote, for all that needs no TensorFlow."""
    return Path(__file__).with_name("model.tflite")


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """calibration/ and validation/, with no picture in both."""
    folder = tmp_path_factory.mktemp("images")
    write_images(folder / "calibration", 70, 0)
    write_images(folder / "validation", 60, 500)
    return folder


CONFIG = """
output_dir = "out"
[model]
source = {source}
[task]
labels = ["dark", "bright", "striped"]
[input]
mean = [127.5]
std = [127.5]
[calibration]
data = {calibration}
samples = 210
[evaluation]
data = {validation}
[gates]
max_metric_drop = 0.08
"""


@pytest.fixture(scope="session")
def make_project(model: Path, images: Path) -> Callable[[Path], Path]:
    """Write a quantci.toml for the float .tflite into a folder; nothing in it needs TensorFlow."""

    def make(folder: Path) -> Path:
        values = {
            "source": json.dumps(str(model)),
            "calibration": json.dumps(str(images / "calibration")),
            "validation": json.dumps(str(images / "validation")),
        }
        (folder / "quantci.toml").write_text(CONFIG.format(**values))
        return folder

    return make


@pytest.fixture
def project(tmp_path: Path, make_project: Callable[[Path], Path]) -> Path:
    """A folder of one's own with such a project."""
    return make_project(tmp_path)


@pytest.fixture
def anomalies(tmp_path: Path) -> Path:
    """A folder with a quantci.toml for an autoencoder, and its recordings."""
    write_recordings(tmp_path)
    return tmp_path
