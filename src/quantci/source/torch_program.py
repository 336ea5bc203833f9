"""Read a PyTorch model from a .pt2 file. Runs in the jail."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any, Final

from quantci.errors import ModelRejected
from quantci.source.torch_archive import EXAMPLE, holds_pickle, repack
from quantci.source.torch_load import TorchModel, import_torch, in_a_line, only_tensor, ready

if TYPE_CHECKING:
    from pathlib import Path

MAX_FILE_BYTES: Final = 512 * 1024**2


def load_program(path: Path, where: str) -> TorchModel:
    """Read a .pt2 file.

    Raises:
        ModelRejected: as repack() does; `malformed`, `multi-input`, `input-type`.
    """
    torch = import_torch()
    repack(path, MAX_FILE_BYTES, where)
    _check_example(torch, path, where)
    try:
        program = torch.export.load(str(path))
        module, inputs = program.module(), program.example_inputs
    except Exception as error:  # noqa: BLE001  whatever the loader raises, it is about the file
        raise ModelRejected(
            "malformed",
            f"PyTorch {torch.__version__} cannot read this .pt2 file: {in_a_line(error)}",
            where=where,
            remedy="Save it with this version of PyTorch; other versions may write it otherwise.",
        ) from None
    if inputs is None:
        raise ModelRejected(
            "malformed",
            "This .pt2 file has no example of its input.",
            where=where,
            remedy="Save it with torch.export.save(); it keeps the example that torch.export.export() was given.",
        )
    return ready(torch, _Fixed.of(torch, module), only_tensor(torch, (*inputs[0], *inputs[1].values()), where), where)


def _check_example(torch: Any, path: Path, where: str) -> None:
    """Refuse an example that is more than tensors: where weights_only fails, torch.export.load() goes on without it."""
    with zipfile.ZipFile(path) as archive:
        name = f"model/{EXAMPLE}"
        data = archive.read(name) if name in archive.namelist() else b""
    if not data:
        return
    try:
        torch.load(io.BytesIO(data), weights_only=True)
    except Exception:  # noqa: BLE001  whatever the loader raises, it is about the file
        raise holds_pickle("the example of its input", where) from None


class _Fixed:
    """A module of an exported program as one that train() and eval() leave alone; the program refuses both."""

    @staticmethod
    def of(torch: Any, inner: Any) -> Any:
        class Fixed(torch.nn.Module):  # type: ignore[misc]
            def __init__(self) -> None:
                super().__init__()
                self.inner = inner

            def forward(self, batch: Any) -> Any:
                return self.inner(batch)

            def train(self, mode: bool = True) -> Any:  # noqa: FBT001, FBT002  as PyTorch has it
                del mode
                return self

        return Fixed()
