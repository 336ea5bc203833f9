"""A runner: act in host mode, on what is installed here, with an environment in which every variable is known."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.e2e.caller import Caller
from tests.e2e.export import export, local_repositories, thin, workflow_files
from tests.e2e.log import Log
from tests.github_model import REPOSITORY, TOKEN

from quantci.github.runner.install import FOLDER

# Where packages come from, and how to get there: the same for a job as for this session.
_NETWORK = re.compile(
    r"(?i)(https?|all|no)_proxy|ssl_cert_(file|dir)|requests_ca_bundle|curl_ca_bundle|pip_(?!require).*"
    r"|uv_((default_|extra_)?index(_url)?|index_.*|find_links|native_tls|system_certs|http_.*)"
)
# That of the tests, or the one that the actions ask actions/setup-python for.
HAS_PYTHON_OF_ONNX2TF = sys.version_info[:2] in {(3, 12), (3, 13)} or shutil.which("python3.13") is not None
_LONGEST_S = 600.0  # of a run, on a busy machine; the longest one takes a minute on a quiet one
# Every step's shell reads this first: a job finds what an earlier one has installed, as if it had done that itself.
_SHARE = f'[ -e "$RUNNER_TEMP/{FOLDER}" ] || ln -s "$STAND_IN_ENVIRONMENTS" "$RUNNER_TEMP/{FOLDER}"\n'


class Runner:
    """Runs workflows of a caller's repository with the actions of this one.

    Attributes:
        export: this repository.
        store: caches and artifacts; runs that share one are runs of one repository.
        environments: what the actions install, which the jobs here share unless they are about just that.
    """

    _run_ids = itertools.count(1001)

    def __init__(self, folder: Path, act: str) -> None:
        self._act = act
        self._folder = folder
        self.export = folder / "export"
        self.store = folder / "store"
        self.environments = folder / "temporary" / FOLDER
        export(self.export)
        thin(self.export, folder / "thin")
        self.repositories = local_repositories(workflow_files(self.export), folder / "thin")
        self.tools = _links(folder / "tools", os.get_exec_path())
        self.python = _interpreter(folder / "python")
        self.uv = _uv(folder / "uv")
        self._home = _home(folder / "home")
        (folder / "share.sh").write_text(_SHARE)
        self._install()

    def run(
        self,
        caller: Caller,
        event: str,
        workflow: str,
        *,
        payload: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
        path: Iterable[Path] | None = None,
        store: Path | None = None,
        kind: str = "self-hosted",
        secrets: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        attempt: int = 1,
        environments: Path | None = None,
    ) -> Log:
        """Run one workflow file of .github/workflows, once.

        Args:
            caller: the repository.
            event: push, pull_request or workflow_run.
            workflow: the file's name.
            payload: what the server says about the event.
            environment: variables that the steps see.
            path: folders of the PATH; by default the tools of this machine, with Python and uv.
            store: other caches and artifacts than the usual.
            kind: RUNNER_ENVIRONMENT: `self-hosted` uses this machine's cache of uv, `github-hosted` has none, and its
                jobs install everything themselves.
            secrets: of the repository.
            variables: of the repository: `vars`.
            attempt: how often the run was started; from 2 on it goes on with the artifacts of the run before it.
            environments: folder of what the actions install, for this run's jobs; by default one for all runs.

        Returns:
            What happened. `jobs` says whether it succeeded: act's own exit code is checked against it here.
        """
        if attempt == 1:
            self._run_id = str(next(self._run_ids))
        run_id = self._run_id
        event_file = self._folder / f"event-{run_id}.json"
        event_file.write_text(json.dumps(payload or {}))
        steps = {
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ID": run_id,
            "GITHUB_RUN_ATTEMPT": str(attempt),
            "RUNNER_ENVIRONMENT": kind,
            **(environment or {}),
        }
        command = [
            *(self._act, event, "-W", f".github/workflows/{workflow}", "--json"),
            *(part for label in ("ubuntu-latest", "self-hosted") for part in ("-P", f"{label}=-self-hosted")),
            *("--no-skip-checkout", "--rm", "--no-cache-server", "--action-offline-mode"),
            *("--artifact-server-addr", "127.0.0.1", "--cache-server-addr", "127.0.0.1"),
            *("--container-daemon-socket", "-", "--action-cache-path", str(self._folder / "work")),
            *("-e", str(event_file), "-s", f"GITHUB_TOKEN={TOKEN}"),
            *(part for item in (secrets or {}).items() for part in ("-s", "=".join(item))),
            *(part for item in (variables or {}).items() for part in ("--var", "=".join(item))),
            *(part for option in ("env", "secret", "var", "input") for part in (f"--{option}-file", os.devnull)),
            *(part for item in steps.items() for part in ("--env", "=".join(item))),
            *(part for item in self.repositories.items() for part in ("--local-repository", "{}={}".format(*item))),
        ]
        whole = self._environment(caller, path, store)
        if kind == "self-hosted":
            shared = environments or self.environments
            whole |= {"BASH_ENV": str(self._folder / "share.sh"), "STAND_IN_ENVIRONMENTS": str(shared)}
        file = self._folder / f"log-{run_id}-{attempt}.jsonl"
        exit_code = call(command, caller.folder, whole, file)
        text = file.read_text()
        log = Log(run_id, text.splitlines())
        failed = [name for name, result in log.jobs.items() if result != "success"]
        assert log.jobs, text
        assert exit_code == (1 if failed else 0), text
        return log

    def _install(self) -> None:
        """Let the actions' own script install once what most jobs share."""
        self.environments.mkdir(parents=True)
        variables = {
            **{name: value for name, value in os.environ.items() if _NETWORK.fullmatch(name)},
            "PATH": os.pathsep.join(map(str, (self.uv, self.python, self.tools))),
            "HOME": str(self._home),
            "UV_CACHE_DIR": _uv_cache(),
            "RUNNER_TEMP": str(self.environments.parent),
            "RUNNER_ENVIRONMENT": "self-hosted",
            "GITHUB_OUTPUT": os.devnull,
        }
        for action in ("comment", "evaluate"):
            subprocess.run(
                ["sh", self.export / "actions/install.sh", "install", action],
                env=variables,
                cwd=self._folder,
                check=True,
                timeout=_LONGEST_S,
            )

    def _environment(self, caller: Caller, path: Iterable[Path] | None, store: Path | None) -> dict[str, str]:
        """Nothing of this process but the way to the network: what stands here may be a runner's own."""
        folders = [self.uv, self.python, self.tools] if path is None else list(path)
        return {
            **{name: value for name, value in os.environ.items() if _NETWORK.fullmatch(name)},
            "PATH": os.pathsep.join(map(str, folders)),
            "HOME": str(self._home),
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",  # a step of act has a terminal, one of GitHub has none
            "ACT_DISABLE_VERSION_CHECK": "1",
            "UV_CACHE_DIR": _uv_cache(),
            "STAND_IN_STORE": str(store or self.store),
            "STAND_IN_PYTHON": str(self.python / "python3"),
            "STAND_IN_PATH": os.environ["PATH"],
            "STAND_IN_REPOSITORIES": f"{REPOSITORY}={caller.folder}",
        }


def call(
    command: list[str], folder: Path, environment: Mapping[str, str], file: Path, longest_s: float = _LONGEST_S
) -> int:
    """The exit code of act, whose output goes into the file: a step that outlives act would keep a pipe open."""
    with file.open("w") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            return process.wait(longest_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)  # it then ends its steps
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            text = Log("", file.read_text().splitlines()).text()
            raise AssertionError(f"act did not end in {longest_s:g} s; what it said:\n{text[-20_000:]}") from None
        finally:
            process.kill()
            process.wait(10)


def _links(folder: Path, sources: Iterable[str]) -> Path:
    """A folder with every command of this machine but Python and uv."""
    folder.mkdir()
    for source in sources:
        for command in Path(source).iterdir() if Path(source).is_dir() else ():
            link = folder / command.name
            if not re.match(r"python|pypy|pip|uvx?$", command.name) and not link.is_symlink():
                link.symlink_to(command)
    return folder


def _interpreter(folder: Path) -> Path:
    folder.mkdir()
    for name in ("python3", f"python{sys.version_info.major}.{sys.version_info.minor}"):
        (folder / name).symlink_to(os.path.realpath(sys.executable))
    return folder


def _uv(folder: Path) -> Path:
    folder.mkdir()
    if uv := shutil.which("uv"):
        (folder / "uv").symlink_to(uv)
    return folder


def _uv_cache() -> str:
    uv = shutil.which("uv")
    if uv is None:
        return ""
    done = subprocess.run([uv, "cache", "dir"], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


def _home(folder: Path) -> Path:
    """An empty home but for the settings of pip and uv."""
    (folder / ".config").mkdir(parents=True)
    for name in ("pip", "uv"):
        settings = Path.home() / ".config" / name
        if settings.is_dir():
            (folder / ".config" / name).symlink_to(settings)
    return folder
