"""`quantci fit-latency`, and the coefficients of a board in `quantci embed`: real files, made-up measurements."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest
from tests.integration.command import Command
from tests.networks import published_network

from quantci.chip.esp_nn.work import work_of
from quantci.chip.graph import read_graph
from quantci.chip.latency.coefficients import published_coefficients
from quantci.chip.latency.fit import known_cycles
from quantci.cli.fit_latency import run
from quantci.errors import ConfigError, QuantciError
from quantci.latency_fit.run import fit_latency
from quantci.progress import silent
from quantci.records.base import decode
from quantci.records.embed import EmbedRecord
from quantci.records.latency import LatencyCoefficients
from quantci.tflite.model import Model

DOCUMENT = Path(__file__).parents[2] / "docs" / "latency.md"
NETWORKS = {
    "kws": "MLPerf Tiny keyword spotting",
    "person": "person detection (MobileNetV1 0.25, 96x96x1)",
    "picar": "DeepPicar (PilotNet, 160x66x3), ESP-IDF",
}
TOML = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)[0]


def profile(model: bytes) -> str:
    """A serial log of one inference on a board that is 20 % slower than published, in depthwise kernels 30 %."""
    known = {name: term.cycles for name, term in published_coefficients().record.terms.items()}
    lines = ['I (312) main_task: Calling app_main()\r\n"Event","Tag","Ticks"']
    for number, layer in enumerate(read_graph(Model(model, "model")).ops):
        work = work_of(layer)
        slower = 1.3 if layer.name == "DEPTHWISE_CONV_2D" else 1.2
        lines.append(f"{number},{layer.name},{round(slower * known_cycles(work.terms, known) / 240) if work else 12}")
    return "\r\n".join(lines) + "\r\n"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with boards/devkit.toml of the documentation, the models in it, and a quantci.toml."""
    boards = tmp_path / "boards"
    boards.mkdir()
    for name, network in NETWORKS.items():
        (boards / f"{name}.tflite").write_bytes(published_network(network))
    (boards / "kws.log").write_text(profile((boards / "kws.tflite").read_bytes()), newline="")
    (boards / "devkit.toml").write_text(TOML)
    (tmp_path / "quantci.toml").write_text(
        'output_dir = "out"\n[model]\nsource = "-"\n[calibration]\ndata = "-"\n[evaluation]\ndata = "-"\n'
    )
    return tmp_path


def embed(quantci: Command, desk: Path, model: str) -> EmbedRecord:
    done = quantci("embed", "--model", f"boards/{model}.tflite", cwd=desk)
    assert done.code == 0, done.err
    return decode((desk / "out" / "embed.json").read_bytes(), EmbedRecord)


def transcript(name: str) -> str:
    """The text blocks of the documentation that begin with this."""
    blocks: list[str] = re.findall(r"```text\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    return next(block for block in blocks if block.startswith(name))


def test_fit_then_embed_as_documented(quantci: Command, desk: Path) -> None:
    done = quantci("fit-latency", "boards/devkit.toml", cwd=desk)
    assert done.code == 0, done.err
    assert transcript("One inference") == "\n".join(line.rstrip() for line in done.out.splitlines()) + "\n"
    record = decode((desk / "boards" / "devkit.json").read_bytes(), LatencyCoefficients)
    assert (record.board and record.board.name, record.models) == ("ESP32-S3-DevKitC-1-N8R8", 3)
    assert (
        record.terms["depthwise_3x3_output"].cycles
        > 1.2 * published_coefficients().record.terms["depthwise_3x3_output"].cycles
    )

    (settings := desk / "quantci.toml").write_text(
        settings.read_text() + "\n".join(done.out.splitlines()[-2:]) + "\n"  # what the command says to add
    )
    shown = quantci("embed", "--model", "boards/person.tflite", cwd=desk)
    assert transcript("latency on the chip") == shown.out.splitlines(keepends=True)[-1]
    embedded = decode((desk / "out" / "embed.json").read_bytes(), EmbedRecord).result
    assert embedded is not None
    assert embedded.latency is not None
    assert embedded.latency.kind == "estimated"
    assert embedded.latency.total_us == pytest.approx(71_000, rel=0.1)
    assert embedded.latency.error_ratio == record.error_ratio
    assert "measured on ESP32-S3-DevKitC-1-N8R8 A2:43:DC, shrunk towards published ones" in embedded.latency.basis
    assert embedded.latency.basis.endswith("This model was not measured.")
    quantci("report", cwd=desk)
    report = (desk / "out" / "report.md").read_text()
    assert "Calibrated to `ESP32-S3-DevKitC-1-N8R8 A2:43:DC`." in report


def test_a_fit_that_is_of_no_use_says_so(quantci: Command, desk: Path) -> None:
    (desk / "boards" / "devkit.toml").write_text(TOML.replace("71_000", "400_000"))
    done = quantci("fit-latency", "boards/devkit.toml", cwd=desk)
    assert (done.code, "quantci embed gives no total" in done.out) == (0, True)


def test_another_output_and_one_model(quantci: Command, desk: Path) -> None:
    head, kws, *_ = TOML.split("[[model]]")
    (desk / "boards" / "devkit.toml").write_text(f"{head}[[model]]{kws}")
    done = quantci("fit-latency", "boards/devkit.toml", "--output", "mine.json", cwd=desk)
    assert done.code == 0, done.err
    # Its own model tells of a larger error than the published one of 8 %: 20,900 / 17,445 - 1 = 19.8 %.
    assert "error ±20 % (of the published coefficients: no model could be left out)" in done.out
    record = decode((desk / "mine.json").read_bytes(), LatencyCoefficients)
    assert record.models == 0
    assert record.error_ratio == pytest.approx(20_900 / 17_445 - 1, rel=1e-3)
    assert record.error_ratio > published_coefficients().record.error_ratio


def test_reference_kernels_of_a_board_are_what_embed_estimates(quantci: Command, desk: Path) -> None:
    slow = TOML.replace('"esp-nn"', '"reference"').replace('profile = "kws.log"\n', "")
    slow = re.sub(r"latency_us = (\d+)_(\d+)", r"latency_us = \g<1>0_\2", slow)
    (desk / "boards" / "devkit.toml").write_text(slow)
    done = quantci("fit-latency", "boards/devkit.toml", cwd=desk)
    assert done.code == 0, done.err
    (desk / "boards" / "slow.json").write_bytes((desk / "boards" / "devkit.json").read_bytes())
    settings = (desk / "quantci.toml").read_text()
    (desk / "quantci.toml").write_text(settings + '[target]\nlatency_coefficients = "boards/slow.json"\n')
    result = embed(quantci, desk, "person").result
    assert result is not None
    assert result.latency is not None
    assert {op.path for op in result.latency.ops} <= {"reference", "not covered"}
    assert result.latency.kernels == "reference"


def test_one_line_for_each_mistake(quantci: Command, desk: Path) -> None:
    path = desk / "boards" / "devkit.toml"
    for change, code in (
        (TOML.replace("240_000_000", "240"), "measurements"),
        (TOML.replace("20_900 ", "20.9"), "profile"),
        (TOML.replace("kws.log", "person.tflite"), "profile"),
        (TOML.replace("picar.tflite", "absent.tflite"), "not-found"),
        (TOML.replace("71_000", "71"), "implausible"),
    ):
        path.write_text(change)
        with pytest.raises(QuantciError) as raised:
            fit_latency([path], fitted_on="2026-11-26", progress=silent)
        assert (raised.value.code, raised.value.exit_code) == (code, 2), change
    done = quantci("fit-latency", "boards/devkit.toml", cwd=desk)
    assert done.code == 2
    assert done.err.splitlines()[-1].endswith("[implausible]")
    assert not (desk / "boards" / "devkit.json").exists()
    for output in ("kws.tflite", "devkit.toml"):
        with pytest.raises(ConfigError, match="cannot be written"):
            run(argparse.Namespace(measurements=[str(path)], output=str(path.with_name(output))))
