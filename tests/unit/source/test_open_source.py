"""Files that were not fetched, in the places where a source model has more than one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from quantci.errors import ModelRejected
from quantci.records.config import ModelConfig
from quantci.source import torch
from quantci.source.open_source import Source, open_model

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"


class NoJail:
    """Nothing is to be read in it."""

    def let_read(self, folder: Path) -> None:
        """The user's code may."""


def opened(base: Path, **keys: Any) -> Source:
    jail: Any = NoJail()
    return open_model(ModelConfig(**keys), base, jail=jail, allow_code=True)


@pytest.mark.parametrize("missing", ["saved_model.pb", "variables/variables.data-00000-of-00001"])
def test_a_saved_model_of_pointers_is_named(tmp_path: Path, missing: str) -> None:
    for name in ("saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"):
        (tmp_path / "saved" / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / "saved" / name).write_bytes(POINTER if name == missing else b"some of it")
    with pytest.raises(ModelRejected) as caught:
        opened(tmp_path, source="saved")
    assert (caught.value.code, caught.value.where) == ("git-lfs-pointer", str(tmp_path / "saved" / missing))


def test_so_are_weights_before_any_code_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "missing_onnx2tf", lambda: None)
    (tmp_path / "weights.pt").write_bytes(POINTER)
    with pytest.raises(ModelRejected) as caught:
        opened(tmp_path, source="network:build", weights="weights.pt").convert()
    assert (caught.value.code, caught.value.where) == ("git-lfs-pointer", str(tmp_path / "weights.pt"))
