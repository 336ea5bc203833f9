"""What quantci bench measured goes into the fit as it is, and only what belongs together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.golden import example_bench_record, example_provenance

from quantci.bench.golden import read_golden
from quantci.errors import ConfigError
from quantci.latency_fit.bench import read_benches
from quantci.latency_fit.run import fit_latency
from quantci.progress import silent
from quantci.records.base import write
from quantci.records.bench import BenchRecord, BenchResult, OpTime
from quantci.records.quantize import QUANTIZED_MODEL
from quantci.records.stage import Failure

BUILD = {"chip": "esp32s3", "clock_hz": "240000000", "kernels": "esp-nn", "esp_nn": "1.2.3", "arena": "internal"}
CYCLES = (3_400.0, 900.0)
LATENCY_US = 18.0  # which are 4,320 cycles


def written(folder: Path, build: dict[str, str] | None = None, **changes: Any) -> Path:
    """A record beside the golden model, which has two FULLY_CONNECTED ops."""
    model = read_golden().model
    folder.mkdir(parents=True, exist_ok=True)
    (folder / QUANTIZED_MODEL).write_bytes(model.data)
    result = example_bench_record().result
    assert result is not None
    ops = [OpTime(index=place, op="FULLY_CONNECTED", cycles=took, share=0.5) for place, took in enumerate(CYCLES)]
    device = replace(result.device, fingerprint=build or BUILD)
    assert result.latency is not None
    latency = replace(result.latency, median_us=LATENCY_US)
    changed: BenchResult = replace(result, quantized_sha256=model.sha256, ops=ops, device=device, latency=latency)
    write(folder / "bench.json", replace(example_bench_record(), result=replace(changed, **changes)))
    return folder / "bench.json"


def test_a_record_says_what_a_person_would_have_written_down(tmp_path: Path) -> None:
    figures, (benched,) = read_benches([written(tmp_path)])
    assert (figures.chip, figures.clock_hz, figures.kernels, figures.memory) == (
        "esp32s3",
        240_000_000,
        "esp-nn",
        "internal",
    )
    assert figures.board.device_id == "7c:df:a1:00:00:01"
    (model,) = figures.model
    assert (model.file, model.latency_us) == (str(tmp_path / QUANTIZED_MODEL), LATENCY_US)
    assert benched.op_cycles == [*CYCLES]


def test_each_op_is_a_figure_of_its_own(tmp_path: Path) -> None:
    fit = fit_latency([written(tmp_path)], fitted_on="2026-11-26", progress=silent)
    (measurement,) = fit.measurements
    assert [row.cycles for row in measurement.model.figures] == [*CYCLES]
    assert measurement.model.whole.cycles == pytest.approx(4_320)
    assert fit.calibration.record.figures == 2


def test_several_models_of_one_board_go_together(tmp_path: Path) -> None:
    paths = [written(tmp_path / name) for name in ("kws", "vww")]
    fit = fit_latency(paths, fitted_on="2026-11-26", progress=silent)
    assert len(fit.measurements) == 2
    assert fit.calibration.record.sources == 2


@pytest.mark.parametrize(
    "build", [{**BUILD, "clock_hz": "160000000"}, {**BUILD, "esp_nn": "1.1.2"}, {**BUILD, "arena": "psram"}]
)
def test_two_builds_do_not(tmp_path: Path, build: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as caught:
        read_benches([written(tmp_path / "a"), written(tmp_path / "b", build)])
    assert caught.value.code == "measurements"
    assert "another board or build" in caught.value.cause


def test_a_model_in_psram_fits_no_estimate_of_models_in_flash(tmp_path: Path) -> None:
    assert read_benches([written(tmp_path / "a", {**BUILD, "model_place": "flash"})])
    with pytest.raises(ConfigError, match="ran from PSRAM") as caught:
        read_benches([written(tmp_path / "b", {**BUILD, "model_place": "psram"})])
    assert caught.value.code == "measurements"


def test_the_plain_c_of_esp_nn_has_no_coefficients(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_benches([written(tmp_path, {**BUILD, "kernels": "esp-nn-ansi-c"})])
    assert caught.value.code == "measurements"


def test_another_model_beside_the_record_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        fit_latency([written(tmp_path, quantized_sha256="0" * 64)], fitted_on="2026-11-26", progress=silent)
    assert caught.value.code == "measurements"


def test_what_was_not_measured_is_no_figure(tmp_path: Path) -> None:
    virtual = tmp_path / "virtual.json"
    write(virtual, example_bench_record(None, "virtual"))
    failed = tmp_path / "failed.json"
    failure = Failure(code="timeout", cause="It hangs.", where="", remedy="Reset it.")
    record = BenchRecord(
        schema_version=1,
        stage="bench",
        status="board_error",
        failure=failure,
        provenance=example_provenance(),
        result=None,
    )
    write(failed, record)
    for path, said in ((virtual, "virtual device"), (failed, "It hangs.")):
        with pytest.raises(ConfigError) as caught:
            read_benches([path])
        assert caught.value.code == "measurements"
        assert said in caught.value.cause
