"""Data that `prepare` fetches with a secret and keeps in a cache, by examples/workflows/private-data.yml."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.e2e import events
from tests.e2e.caller import Caller
from tests.e2e.log import Log
from tests.e2e.runner import Runner

CALLED = "measure/quantci model measurement"
SHARDS = ("evaluate 1/2-1", "evaluate 2/2-2")
SECRETS = {"AWS_ACCESS_KEY_ID": "AKIA-of-the-test", "AWS_SECRET_ACCESS_KEY": "100%=secret words"}
BUCKET = "the-bucket"  # no secret of the server's: what hides it is the command's own mask
# Says what it was called with, and fetches what is not there yet.
AWS = """\
#!/bin/sh
echo "aws: $* id=$AWS_ACCESS_KEY_ID key=$AWS_SECRET_ACCESS_KEY $(printf %s "$AWS_SECRET_ACCESS_KEY" | wc -c) characters"
if [ -d data ]; then echo "aws: nothing to fetch"; else cp -R "{bucket}" data; echo "aws: fetched"; fi
"""


@pytest.fixture(scope="module")
def log(runner: Runner, changed: Callable[[str], Caller], tmp_path_factory: pytest.TempPathFactory) -> Log:
    """A push of a repository without data."""
    caller = changed("private")
    folder: Path = tmp_path_factory.mktemp("bucket")
    shutil.move(caller.folder / "data", folder / "lights")
    (folder / "bin").mkdir()
    (folder / "bin/aws").write_text(AWS.format(bucket=folder / "lights"))
    (folder / "bin/aws").chmod(0o755)
    caller.replace(".github/workflows/private-data.yml", "    with:\n", "    with:\n      shards: 2\n")
    caller.commit("The data is elsewhere")
    return runner.run(
        caller,
        "push",
        "private-data.yml",
        payload=events.push(caller),
        secrets=SECRETS,
        variables={"BUCKET": BUCKET},
        path=[folder / "bin", runner.uv, runner.python, runner.tools],
    )


def test_the_command_gets_the_secrets_and_fetches(log: Log) -> None:
    """Runner labels are a list here, and the timeout is an input."""
    assert log.jobs == dict.fromkeys([f"{CALLED}/{name}" for name in ("quantize", *SHARDS, "report")], "success")
    assert f"{len(SECRETS['AWS_SECRET_ACCESS_KEY'])} characters" in log.text(f"{CALLED}/quantize")


def test_no_log_shows_a_secret(log: Log) -> None:
    assert "aws: s3 sync" in log.text()
    for secret in (*SECRETS.values(), BUCKET):
        assert secret not in log.text(f"{CALLED}/quantize", "3/")


def test_the_jobs_after_the_first_find_the_data_in_the_cache(log: Log) -> None:
    assert "aws: fetched" in log.text(f"{CALLED}/quantize")
    for shard in SHARDS:
        assert "aws: nothing to fetch" in log.text(f"{CALLED}/{shard}")
        assert "quantci-data-lights" in log.text(f"{CALLED}/{shard}")


LINES = """\
on: push
jobs:
  prepare:
    runs-on: ubuntu-latest
    steps:
      - uses: org/quantci/actions/prepare@v1
        with:
          command: echo never
          env: |
            GOOD=a value

            not a variable
"""


def test_a_line_that_is_no_variable_is_named_by_its_number(runner: Runner, changed: Callable[[str], Caller]) -> None:
    caller = changed("lines")
    caller.write(".github/workflows/lines.yml", LINES)
    caller.commit("A line that is no variable")
    log = runner.run(caller, "push", "lines.yml", payload=events.push(caller))
    assert log.jobs == {"lines.yml/prepare": "failure"}
    (error,) = [one for one in log.annotations if one.level == "error"]
    assert "Line 3 of the secret prepare-env" in error.text
    assert "not a variable" not in error.text
