"""What onnx2tf raised, as one sentence that names the node, and what is usually put in its place."""

from __future__ import annotations

import re
from typing import Final

from quantci.errors import ModelRejected, QuantciError, ToolError

_REFUSED: Final = re.compile(r"op=(\S+) node=(.*?) reason_code=\S+ message=(.*)", re.DOTALL)
_REMEDIES: Final = tuple(
    (re.compile(ops), remedy)
    for ops, remedy in (
        (r"^(GRU|RNN)$", "Use an LSTM: it is the one recurrent layer that TFLite can quantize."),
        (
            r"^(Gelu|Erf)$",
            "Use nn.GELU(approximate='tanh'), and export with opset_version=18, which writes it out as ops that run.",
        ),
        (r"^(Elu|Selu|Celu|Mish|Softplus|Softsign|Shrink|ThresholdedRelu)$", "Use ReLU, LeakyReLU or hard-swish."),
        (
            r"^(TreeEnsemble|SVM|Linear(Classifier|Regressor)|Normalizer|Scaler|ZipMap|LabelEncoder|ArrayFeature|OneHot)",
            "A chip runs networks only. Of scikit-learn, export a perceptron (MLP), without its labels and scaler.",
        ),
        (r"^(Loop|Scan|If)$", "Export the model without control flow: a fixed number of steps, written out."),
        (
            r"^(NonMaxSuppression|TopK|NonZero|Unique|RoiAlign|Where)$",
            "Export the model up to its scores and boxes; choose in the firmware.",
        ),
        (
            r"^(STFT|DFT|MelWeightMatrix|HannWindow|HammingWindow|BlackmanWindow)$",
            "Compute the spectrogram outside of the model, and give it as the input.",
        ),
        (r"^(Random|Multinomial|Bernoulli|Dropout)", "Export the model for inference: model.eval()."),
        (r"3D|^Deform", "Use two-dimensional layers: fold the third axis into the channels."),
        (r"Quantize|^QLinear|Integer$", "Give the float model: quantci quantizes it itself."),
    )
)
_ANY: Final = "Replace the layer by one of ops that TFLite has: its kernels are what runs on the chip."


def explain(error: BaseException, where: str) -> QuantciError:
    """A converter's exception as one sentence."""
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, MemoryError):
        return ToolError(
            "out-of-memory",
            "onnx2tf ran out of memory.",
            where=where,
            remedy="Check that the model is meant for a microcontroller, or use a machine with more memory.",
        )
    if (refused := _REFUSED.search(text)) is not None:
        op, node, why = refused.groups()
        return unsupported(op, node, where, why=why[:200])
    return ModelRejected(
        "conversion",
        f"onnx2tf could not convert the model: {text[:300]}",
        where=where,
        remedy="Convert it by hand with onnx2tf to see the whole message.",
    )


def unsupported(op: str, node: str, where: str, *, why: str = "") -> ModelRejected:
    """An operator that cannot come through; a node without a name goes by what it gives."""
    reason = f": {why.rstrip('.')}" if why else ""
    return ModelRejected(
        "onnx-operator",
        f"The operator {op[:60]} of the node {node[:200] or 'without a name'} cannot be used{reason}.",
        where=where,
        remedy=usual_replacement(op),
    )


def usual_replacement(op: str) -> str:
    """What is usually put in the place of this operator."""
    return next((remedy for names, remedy in _REMEDIES if names.search(op)), _ANY)
