"""What training sees: batches of the user's function or the calibration set, and the tuning split held back."""

from __future__ import annotations

import hashlib
from collections import deque
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from quantci.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

BATCH: Final = 32  # of the calibration set
_HELD_BACK: Final = 5  # every fifth calibration sample
_SHARE: Final = 26  # of 256: samples of the function whose digest starts below this are held back
_ENOUGH: Final = 256  # samples of the tuning split
_DRAWN: Final = 100  # batches that are looked at for them
_FOREVER: Final = 1000  # batches in a row without a sample to train on


class Batch(NamedTuple):
    """Samples as the model takes them, and what is right, if that is known."""

    x: NDArray[np.float32]
    y: NDArray[Any] | None

    def of(self, places: Any) -> Batch:
        """Some of its samples."""
        return Batch(self.x[places], None if self.y is None else self.y[places])


class Split(NamedTuple):
    """The tuning split, and batches for ever, of all other samples."""

    tuning: Batch
    batches: Iterator[Batch]


def split_calibration(samples: NDArray[np.float32], seed: int) -> Split:
    """Of the calibration set: every fifth sample is held back."""
    places = np.arange(len(samples))
    held_back = places[::_HELD_BACK] if len(samples) >= _HELD_BACK else places
    others = np.setdiff1d(places, held_back) if len(samples) >= _HELD_BACK else places

    def batches() -> Iterator[Batch]:
        random = np.random.RandomState(seed)
        while True:
            order = random.permutation(others)
            for start in range(0, max(1, len(order) - len(order) % BATCH), BATCH):
                yield Batch(samples[order[start : start + BATCH]], None)

    return Split(Batch(samples[held_back], None), batches())


def split_function(function: Callable[[int], Any], shape: Sequence[int], seed: int, where: str) -> Split:
    """Of the user's function, which is called again with the next seed where its batches end.

    A sample is held back by the digest of its values, so that it is so in every epoch.

    Args:
        function: gives (x, y) batches for a seed.
        shape: of a sample as the model takes it.
        seed: the first.
        where: the function's name, for messages.

    Raises:
        ConfigError: `fine-tune`.
    """
    stream = _stream(function, shape, seed, where)
    waiting: deque[Batch] = deque()
    tuning: list[Batch] = []
    count = 0
    for _ in range(_DRAWN):
        batch = next(stream)
        is_held_back = _held_back(batch)
        tuning.append(batch.of(is_held_back))
        waiting.append(batch.of(~is_held_back))
        count += int(is_held_back.sum())
        if count >= _ENOUGH:
            break
    if not count:
        raise _fault(where, "gives too few samples to hold some back", "Let it yield 100 different samples or more.")
    x = np.concatenate([batch.x for batch in tuning])
    ys = [batch.y for batch in tuning if batch.y is not None]
    # Of many epochs, each sample once.
    _, first = np.unique([_digest(one) for one in x], return_index=True)
    whole = Batch(x, np.concatenate(ys) if ys else None).of(np.sort(first))

    def batches() -> Iterator[Batch]:
        empty = 0
        while True:
            batch = waiting.popleft() if waiting else next(stream)
            rest = batch.of(~_held_back(batch))
            empty = 0 if len(rest.x) else empty + 1
            if empty > _FOREVER:
                raise _fault(where, "gives no samples to train on", "Let it yield 100 different samples or more.")
            if len(rest.x):
                yield rest

    return Split(whole, batches())


def _stream(function: Callable[[int], Any], shape: Sequence[int], seed: int, where: str) -> Iterator[Batch]:
    has_labels: bool | None = None
    while True:
        found = False
        try:
            for given in function(seed):
                batch = _checked(given, shape, where, has_labels=has_labels)
                has_labels, found = batch.y is not None, True
                yield batch
        except ConfigError:
            raise
        except (Exception, SystemExit) as error:
            cause = f"failed with seed {seed}: {type(error).__name__}: {error}"
            raise _fault(where, cause, "Check that it runs alone, and that its files are there.") from error
        if not found:
            raise _fault(where, f"gives no batch for seed {seed}", "Let it yield (x, y) pairs.")
        seed += 1


def _checked(given: Any, shape: Sequence[int], where: str, *, has_labels: bool | None) -> Batch:
    wanted = f"Let it yield (x, y): x as [n, {', '.join(map(str, shape))}], y with n entries, or None."
    try:
        x, y = given
        x = np.ascontiguousarray(x, np.float32)
        y = None if y is None else np.asarray(y)
    except (TypeError, ValueError) as error:
        raise _fault(where, f"gives something that is not a pair of arrays ({error})", wanted) from None
    if x.ndim != len(shape) + 1 or list(x.shape[1:]) != list(shape) or not len(x):
        raise _fault(where, f"gives x of shape {list(x.shape)}", wanted)
    if y is not None and (y.ndim < 1 or len(y) != len(x)):
        raise _fault(where, f"gives y of shape {list(y.shape)} for {len(x)} samples", wanted)
    if y is not None and (y.dtype.kind not in "biuf" or not np.isfinite(y).all()):
        raise _fault(where, "gives y that is not all finite numbers", wanted)
    if has_labels not in {None, y is not None}:
        raise _fault(where, "gives labels with some batches only", "Let y be None always, or never.")
    if not np.isfinite(x).all():
        raise _fault(where, "gives values that are not finite", "Check what it does to its samples.")
    return Batch(x, y)


def _held_back(batch: Batch) -> NDArray[np.bool_]:
    return np.array([_digest(one)[0] < _SHARE for one in batch.x])


def _digest(sample: NDArray[np.float32]) -> bytes:
    return hashlib.sha256(sample.tobytes()).digest()


def _fault(where: str, cause: str, remedy: str) -> ConfigError:
    return ConfigError("fine-tune", f"The function of qat.fine_tune {cause}.", where=where, remedy=remedy)
