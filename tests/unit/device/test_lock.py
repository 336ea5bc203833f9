"""The lock of a board, within one process; tests/integration kills its holders."""

from pathlib import Path

import pytest

from quantci.device.discovery import BoardPlace, FixedPlace, Place, UsbPort
from quantci.device.lock import BoardLock, Holder
from quantci.errors import BoardError


def test_a_second_one_is_told_who_holds_it(tmp_path: Path) -> None:
    first = BoardLock("7C:DF", command="quantci bench", folder=tmp_path)
    second = BoardLock("7C:DF", command="quantci device check", folder=tmp_path)
    assert first.holder() is None
    with first.held():
        holder = second.holder()
        assert holder is not None
        assert holder.command == "quantci bench"
        with (
            pytest.raises(
                BoardError, match=rf"held by process {holder.pid} of .*quantci bench.* since \d{{4}}-"
            ) as caught,
            second.held(),
        ):
            pytest.fail("two have it")
        assert caught.value.code == "busy"
        assert caught.value.where == "7C:DF"
    with second.held():
        assert first.holder() is not None
    assert second.holder() is None


def test_another_board_is_another_lock(tmp_path: Path) -> None:
    with BoardLock("a", command="x", folder=tmp_path).held(), BoardLock("b", command="x", folder=tmp_path).held():
        pass


def test_a_fault_inside_gives_it_free(tmp_path: Path) -> None:
    lock = BoardLock("/dev/ttyACM0", command="x", folder=tmp_path)
    with pytest.raises(ZeroDivisionError), lock.held():
        raise ZeroDivisionError
    with lock.held():
        pass


def test_who_waits_is_told_its_place_and_the_holder_once(tmp_path: Path) -> None:
    told: list[tuple[int, Holder | None]] = []
    now = [0.0]
    first = BoardLock("a", command="first", folder=tmp_path)
    with first.held():

        def sleep(wait_s: float) -> None:
            now[0] += wait_s

        with (
            pytest.raises(BoardError),
            BoardLock("a", command="second", folder=tmp_path).held(
                30, on_wait=lambda place, holder: told.append((place, holder)), clock=lambda: now[0], sleep=sleep
            ),
        ):
            pytest.fail("two have it")
    assert [(place, holder and holder.command) for place, holder in told] == [(1, "first")]
    assert now[0] >= 30


def test_a_lock_that_was_left_behind_is_nobody_s(tmp_path: Path) -> None:
    lock = BoardLock("a", command="x", folder=tmp_path)
    with lock.held():
        left = (tmp_path / "a" / "holder.json").read_text()
    (tmp_path / "a" / "holder.json").write_text(left)
    (tmp_path / "a" / "00000000000000000001-1.lock").touch()
    assert lock.holder() is None
    with lock.held():
        pass
    assert not list((tmp_path / "a").glob("0*"))


def test_a_board_that_comes_back_under_another_name_is_the_same_board(tmp_path: Path) -> None:
    """H20 of the fault catalogue: it re-enumerates while one job has it, and no second job gets it by its new name."""

    def connected(name: str) -> list[UsbPort]:
        return [UsbPort(name, 0x303A, 0x1001, "7C:DF:A1:00:00:01", "1-4.2")]

    ports = connected("/dev/ttyACM0")
    first = BoardPlace("7c:df:a1:00:00:01", lambda: ports)
    assert first.url() == "/dev/ttyACM0"
    with BoardLock(first.key, command="quantci bench", folder=tmp_path).held():
        ports = connected("/dev/ttyACM1")
        assert first.url() == "/dev/ttyACM1"  # who has it finds it again
        others: list[Place] = [BoardPlace("", lambda: ports), FixedPlace("/dev/ttyACM1", lambda: ports)]
        for other in others:
            lock = BoardLock(other.key, command="another job", folder=tmp_path)
            with pytest.raises(BoardError, match=r"held by process \d+ of .*quantci bench") as caught, lock.held():
                pytest.fail("two have it")
            assert caught.value.code == "busy"
    with BoardLock(others[1].key, command="another job", folder=tmp_path).held():
        pass
