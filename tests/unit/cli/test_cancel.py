"""A run that is stopped."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from quantci.cli.cancel import cancellable

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_stops_and_the_second_is_ignored(number: int) -> None:
    with pytest.raises(KeyboardInterrupt), cancellable():
        signal.raise_signal(number)
    signal.raise_signal(signal.SIGINT)  # while the process ends
    signal.raise_signal(signal.SIGTERM)


def test_a_stop_that_became_another_error() -> None:
    """NumPy's C code, interrupted in its imports, raises an ImportError."""

    def import_numpy() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ImportError from None

    with pytest.raises(KeyboardInterrupt), cancellable():
        import_numpy()


def test_without_a_stop_nothing_changes() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ImportError), cancellable():
        raise ImportError
    assert signal.getsignal(signal.SIGINT) is before
