"""Sums of neighbours with weights, as resizing without antialiasing takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


class Taps(NamedTuple):
    """For each new pixel along one axis the old ones that it is made of, and the weight of each: both [new, k]."""

    places: NDArray[np.intp]
    weight: NDArray[Any]

    def lines(self, axis: int, ndim: int) -> Iterator[tuple[NDArray[np.intp], NDArray[Any]]]:
        """The k-th neighbour of all new pixels with its weights, which broadcast along `axis` of `ndim`."""
        shape = [-1 if place == axis else 1 for place in range(ndim)]
        for index, weight in zip(self.places.T, self.weight.T, strict=True):
            yield index, weight.reshape(shape)

    def apply(self, pixels: NDArray[Any], axis: int) -> NDArray[Any]:
        """The sums along `axis`, one neighbour after the other in the type of the weights: its roundings are theirs."""
        total: Any = 0
        for index, weight in self.lines(axis, pixels.ndim):
            total = total + pixels.take(index, axis).astype(weight.dtype) * weight
        result: NDArray[Any] = total
        return result


def resize_by(down: Taps, across: Taps, pixels: NDArray[Any]) -> NDArray[Any]:
    """Sums along rows, then along columns; of rows only those that are used."""
    used, places = np.unique(down.places, return_inverse=True)
    narrow = across.apply(pixels[used], 1)
    return Taps(places.reshape(down.places.shape), down.weight).apply(narrow, 0)
