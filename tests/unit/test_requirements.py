"""The locks: complete, hashed, current, and free of addresses."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def requirements(lock: Path) -> list[str]:
    """One string a requirement: its pin, marker and hashes."""
    return [line for line in lock.read_text().replace("\\\n", " ").splitlines() if line and not line.startswith("#")]


def name_of(requirement: str) -> str:
    """The normalized name of the package that a requirement asks for."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match is not None, requirement
    return re.sub(r"[-_.]+", "-", match[0]).lower()


def names(lock: str) -> set[str]:
    return {name_of(requirement) for requirement in requirements(ROOT / "requirements" / f"{lock}.txt")}


def test_every_lock_that_the_sessions_use_is_there() -> None:
    expected = ["base", "build", "comment", "integration", "lint", "nox", "onnx", "roads", "tensorflow", "test", "uv"]
    assert [lock.stem for lock in LOCKS] == expected


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_requirement_is_pinned_and_hashed(lock: Path) -> None:
    for requirement in requirements(lock):
        assert re.match(r"[a-z0-9-]+==\S+ ( ?; [^-]+)?(\s*--hash=sha256:[0-9a-f]{64})+$", requirement), requirement


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_no_lock_names_an_address(lock: Path) -> None:
    assert not re.search(r"://|index-url|find-links|trusted-host| @ ", lock.read_text())


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_tflite_micro_is_the_only_pre_release(lock: Path) -> None:
    pins = [requirement.split()[0] for requirement in requirements(lock)]
    pre_releases = [pin for pin in pins if re.search(r"\d(a|b|rc|\.dev)\d", pin)]
    assert [name_of(pin) for pin in pre_releases] in ([], ["tflite-micro"])


@pytest.mark.parametrize("lock", ["base", "onnx", "roads", "tensorflow", "test", "integration", "lint"])
def test_what_the_package_needs_is_in_the_lock(lock: str) -> None:
    assert {name_of(dependency) for dependency in PROJECT["project"]["dependencies"]} <= names(lock)


@pytest.mark.parametrize(
    ("lock", "group"),
    [
        ("test", "test"),
        ("roads", "test"),
        ("integration", "test"),
        ("lint", "lint"),
        ("nox", "nox"),
        ("uv", "uv"),
        ("build", "build"),
    ],
)
def test_what_a_group_names_is_in_its_lock(lock: str, group: str) -> None:
    wanted = {name_of(entry) for entry in PROJECT["dependency-groups"][group] if isinstance(entry, str)}
    assert wanted <= names(lock)


@pytest.mark.parametrize("lock", ["tensorflow", "integration"])
def test_tensorflow_stays_in_the_locks_that_ask_for_it(lock: str) -> None:
    tensorflow = {name_of(dependency) for dependency in PROJECT["project"]["optional-dependencies"]["tensorflow"]}
    assert tensorflow <= names(lock)
    assert not tensorflow & (names("base") | names("test") | names("lint"))


def test_onnx2tf_comes_without_tensorflow() -> None:
    assert "onnx2tf" in names("onnx") & names("roads")
    assert not {"tensorflow", "tf-keras", "keras"} & (names("onnx") | names("roads"))


def test_two_locks_never_name_different_versions() -> None:
    """Sessions then share one copy of a package, and a test runs what the tool runs."""
    apart = [lock for lock in LOCKS if lock.stem in {"onnx", "roads"}]  # onnx2tf pins what it stands on
    for locks in (apart, [lock for lock in LOCKS if lock not in apart]):
        check_versions(locks)


def check_versions(locks: list[Path]) -> None:
    pins: dict[tuple[str, str], str] = {}
    for lock in locks:
        for requirement in requirements(lock):
            pin, _, marker = requirement.split("--hash")[0].partition(";")
            name, _, version = pin.strip().partition("==")
            # A version differs by Python only; other markers just leave a package out.
            python = "".join(re.findall(r"python_full_version [<>=]+ '[^']+'", marker))
            assert pins.setdefault((name, python), version) == version, f"{lock.name}: {name}"
