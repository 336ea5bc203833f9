"""A PyTorch model as ONNX, or by litert-torch as a float flatbuffer. Runs in the jail."""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from quantci.errors import ModelRejected, ToolError
from quantci.records.code_name import CodeName
from quantci.source.torch_load import build, import_torch, tensors
from quantci.source.torch_program import load_program

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OPSET: Final = 18
INPUT: Final = "input"
# The model, kept between the calls so that it is built once.
_built: dict[str, Any] = {}


def load(source: str, base: str, weights: str | None, shape: list[int], where: str) -> tuple[list[int], str]:
    """Build the model; the shape of its input, and PyTorch's version.

    Args:
        source: `package.module:function`, or the copy of a .pt2 file in the jail.
        base: folder of quantci.toml.
        weights: the copy of the state dict in the jail.
        shape: of the input, where the function returns no example of it; else empty.
        where: the source, for messages.
    """
    name = CodeName.parse(source)
    if name is not None:
        model = build(name, Path(base), Path(weights) if weights else None, shape, where)
    else:
        model = load_program(Path(source), where)
    _built["model"] = model
    return list(model.example.shape), str(import_torch().__version__)


def to_onnx(where: str) -> tuple[str, bytes]:
    """The model as an .onnx file in the jail, and its bytes.

    By the exporter that traces, which takes a second; where that fails, by the one of torch.export.

    Raises:
        ModelRejected: `conversion`: both fail.
    """
    first = ""
    for dynamo in (False, True):
        try:
            data = _export(dynamo=dynamo)
        except Exception as error:  # noqa: BLE001  whatever an exporter raises, it is about the model
            first = first or " ".join(str(error).split())[:300] or type(error).__name__
        else:
            file = Path(tempfile.gettempdir(), "exported.onnx")
            file.write_bytes(data)
            _built["channels_last"] = _moves_channels(file, where)
            return str(file), data
    raise ModelRejected(
        "conversion",
        f"PyTorch could not export the model to ONNX: {first}",
        where=where,
        remedy="Call torch.onnx.export() by hand to see the whole message, and replace the layer that it names.",
    )


def _export(*, dynamo: bool) -> bytes:
    torch, model = import_torch(), _built["model"]
    file = io.BytesIO()
    with torch.no_grad(), contextlib.redirect_stdout(io.StringIO()):
        if not dynamo:
            torch.onnx.export(
                model.module, (model.example,), file, dynamo=False, input_names=[INPUT], opset_version=OPSET
            )
            return file.getvalue()
        program = torch.onnx.export(model.module, (model.example,), dynamo=True, input_names=[INPUT], verbose=False)
        return bytes(program.model_proto.SerializeToString())


def _moves_channels(file: Path, where: str) -> bool:
    from quantci.source.onnx.graph import keeps_layout, read_onnx

    return not keeps_layout(read_onnx(file, where).graph)


def to_flatbuffer(where: str) -> tuple[bytes, str]:
    """The model as litert-torch converts it, and the converter's version. Four axes are channels last, as from ONNX.

    Raises:
        ToolError: `missing-extra`.
        ModelRejected: `conversion`.
    """
    try:
        import litert_torch
    except ImportError:
        raise ToolError(
            "missing-extra",
            "model.converter is litert-torch, which is not installed.",
            where=where,
            remedy="Install it with pip install litert-torch (6 GB), or remove model.converter.",
        ) from None
    model = _built["model"]
    module, example = model.module, model.example
    _built["channels_last"] = example.dim() == 4
    try:
        if _built["channels_last"]:
            module, example = litert_torch.to_channel_last_io(module, args=[0]), example.permute(0, 2, 3, 1)
        with contextlib.redirect_stdout(io.StringIO()), tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "model.tflite")
            litert_torch.convert(module.eval(), (example.contiguous(),)).export(str(file))
            data = file.read_bytes()
    except Exception as error:  # noqa: BLE001  whatever the converter raises, it is about the model
        raise ModelRejected(
            "conversion",
            f"litert-torch could not convert the model: {' '.join(str(error).split())[:300] or type(error).__name__}",
            where=where,
            remedy="Remove model.converter: the way through ONNX knows other operators.",
        ) from None
    return data, f"litert-torch {litert_torch.__version__}"


def outputs(samples: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """What the module itself answers to samples [n, ...] as the flatbuffer takes them."""
    import numpy as np

    torch, model = import_torch(), _built["model"]
    if _built["channels_last"]:
        samples = np.moveaxis(samples, -1, 1)
    rows: list[list[Any]] = []
    with torch.inference_mode():
        for sample in samples:
            answer = tensors(model.module(torch.from_numpy(np.ascontiguousarray(sample[np.newaxis]))))
            rows.append([tensor.to(torch.float32).numpy() for tensor in answer])
    return [np.concatenate(parts) for parts in zip(*rows, strict=True)]
