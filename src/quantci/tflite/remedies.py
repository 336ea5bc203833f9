"""What to do about an op that TFLM does not have in INT8: what gives the same or nearly the same network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quantci.records.model import OpInfo

_NORMS: Final = "Replace LayerNormalization by BatchNormalization, which is folded into the layer before it."
_OUTSIDE: Final = "Compute it outside of the model: give it the result as an input, or take the output before it."
_CHOICE: Final = "Export the model up to its scores, and choose among them in the firmware."
_BOXES: Final = "Export the detector without its last step, the choice among boxes: that is code of the firmware."
_MASK: Final = "Multiply by a mask of 0 and 1 that is an input of the model."
_SEQUENCE: Final = "Use keras.layers.LSTM with unroll=True, or convolutions along time."
_FLAT: Final = "Use two-dimensional layers: fold the third axis into the channels, or treat its slices one by one."
_RANDOM: Final = "Export the model for inference (training=False): nothing in it may be random."
_SEGMENTS: Final = "Pool over a fixed window: the chip reserves its memory once, before it sees the segments."
_ROUNDED: Final = "Leave out the rounding in the model: INT8 rounds every activation by itself."
_ANGLE: Final = "Compute the angle outside of the model, or give sine and cosine as inputs: TFLM has it in float only."
_DENSE: Final = "Save the model with dense weights: strip what pruning left (tfmot.sparsity.keras.strip_pruning)."
_STABLEHLO: Final = "Convert again with TFLite's builtin ops alone: StableHLO ops are not on the chip."

_REMEDIES: Final = {
    "ADD_N": "Replace the sum of several tensors by additions of two each.",
    "ATAN2": _ANGLE,
    "BIDIRECTIONAL_SEQUENCE_LSTM": _SEQUENCE,
    "BIDIRECTIONAL_SEQUENCE_RNN": _SEQUENCE,
    "BITCAST": _OUTSIDE,
    "BITWISE_XOR": _OUTSIDE,
    "BROADCAST_TO": "Omit the broadcast: additions and multiplications broadcast by themselves.",
    "BUCKETIZE": "Give the number of the bucket as the input of the model.",
    "CEIL": _ROUNDED,
    "COMPLEX_ABS": "Compute the spectrum outside of the model and give it as the input.",
    "CONV_3D": _FLAT,
    "CONV_3D_TRANSPOSE": _FLAT,
    "COS": _ANGLE,
    "DENSIFY": _DENSE,
    "DIV": "Replace a division by a constant by multiplying with its reciprocal.",
    "ELU": "Replace ELU by ReLU or LeakyReLU: quantizers leave ELU in float.",
    "EXP": "Replace the exponential by Softmax or Sigmoid where it is a part of one; TFLM has it in float only.",
    "FAKE_QUANT": "Give the model without FakeQuant, such as before quantization-aware training was applied to it.",
    "FLOOR": _ROUNDED,
    "FLOOR_DIV": _ROUNDED,
    "FLOOR_MOD": _OUTSIDE,
    "GELU": "Replace GELU by its tanh form (in PyTorch approximate='tanh'), ReLU or hard-swish.",
    "IMAG": "Compute the spectrum outside of the model and give it as the input.",
    "L2_POOL_2D": "Replace L2 pooling by average or maximum pooling.",
    "LOCAL_RESPONSE_NORMALIZATION": "Replace local response normalization by BatchNormalization.",
    "LOG": "Take the logarithm outside of the model, or from LogSoftmax; TFLM has it in float only.",
    "LSTM": _SEQUENCE,
    "MATRIX_DIAG": "Multiply element by element with the vector instead of a product with its diagonal matrix.",
    "MATRIX_SET_DIAG": _MASK,
    "MULTINOMIAL": _RANDOM,
    "NEG": "Replace the negation by multiplying with -1.",
    "NON_MAX_SUPPRESSION_V4": _BOXES,
    "NON_MAX_SUPPRESSION_V5": _BOXES,
    "ONE_HOT": "Give the one-hot vector as the input of the model.",
    "PADV2": "Pad with zeros, which gives PAD.",
    "POW": "Replace a power of 2 by multiplying the tensor with itself.",
    "RANDOM_STANDARD_NORMAL": _RANDOM,
    "RANDOM_UNIFORM": _RANDOM,
    "RANGE": "Fix every dimension of the input: the range then becomes a constant.",
    "RANK": "Fix every dimension of the input: the rank then becomes a constant.",
    "REAL": "Compute the spectrum outside of the model and give it as the input.",
    "REDUCE_ANY": "Take the maximum of the tensor instead, which gives REDUCE_MAX.",
    "REDUCE_PROD": "Multiply the slices by each other, two at a time.",
    "RELU_0_TO_1": "Replace hard sigmoid by sigmoid: it became RELU_0_TO_1.",
    "RELU_N1_TO_1": "Replace the clipping to -1..1 by tanh or ReLU6.",
    "REVERSE_SEQUENCE": "Give sequences of one length, and reverse them with REVERSE_V2 (tf.reverse).",
    "RFFT2D": "Compute the spectrum outside of the model and give it as the input.",
    "RNN": _SEQUENCE,
    "ROUND": _ROUNDED,
    "RSQRT": _NORMS,
    "SCATTER_ND": _MASK,
    "SEGMENT_SUM": _SEGMENTS,
    "SELECT": "Use tf.where, which gives SELECT_V2.",
    "SIGN": "Replace the sign by tanh, or compare outside of the model.",
    "SIN": _ANGLE,
    "SPARSE_TO_DENSE": _DENSE,
    "SQRT": _NORMS,
    "SQUARE": "Replace the square by multiplying the tensor with itself.",
    "TILE": "Replace UpSampling2D(interpolation='nearest') by a Resizing layer, which gives RESIZE_NEAREST_NEIGHBOR.",
    "TFLite_Detection_PostProcess": _BOXES,
    "TOPK_V2": _CHOICE,
    "UNIDIRECTIONAL_SEQUENCE_RNN": _SEQUENCE,
    "UNIQUE": _OUTSIDE,
    "UNSORTED_SEGMENT_MAX": _SEGMENTS,
    "UNSORTED_SEGMENT_MIN": _SEGMENTS,
    "UNSORTED_SEGMENT_PROD": _SEGMENTS,
    "UNSORTED_SEGMENT_SUM": _SEGMENTS,
    "WHERE": _MASK,
}
ANY: Final = "Replace the layer that it comes from by one that TFLM has in INT8."


def replacement(ops: Iterable[OpInfo], otherwise: str = ANY) -> str:
    """What to replace these ops by."""
    known = dict.fromkeys(remedy for op in ops if (remedy := _remedy(op.op)))
    return " ".join(known) or otherwise


def _remedy(op: str) -> str | None:
    return _STABLEHLO if op.startswith("STABLEHLO_") else _REMEDIES.get(op)
