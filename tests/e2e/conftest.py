"""One runner and one user's repository for all tests here; what several tests look at runs once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.e2e.caller import Caller
from tests.e2e.runner import Runner


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A runner with the actions as they stand in this working tree."""
    act = os.environ.get("QUANTCI_ACT")
    if not act:
        pytest.exit("tests/e2e needs act: run it by `sh nox.sh -s e2e`", returncode=4)
    return Runner(tmp_path_factory.mktemp("runner"), act)


@pytest.fixture(scope="session")
def caller(tmp_path_factory: pytest.TempPathFactory) -> Caller:
    """The repository of a user, with the workflows of examples/workflows as they are. Tests change copies of it."""
    return Caller.make(tmp_path_factory.mktemp("caller") / "lights")


@pytest.fixture(scope="session")
def changed(caller: Caller, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Caller]:
    """Makes a copy of the user's repository, to be changed."""

    def copy(name: str) -> Caller:
        folder: Path = tmp_path_factory.mktemp(name) / "lights"
        return caller.copy(folder)

    return copy
