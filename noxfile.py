"""quantci's verbs and checks, as sessions: `sh nox.sh --list` names them, `sh nox.sh -s NAME` runs one.

Every session has its own environment under .nox, filled from one hashed lock of requirements/ and left alone while
that lock stays the same. Between sessions nothing is downloaded twice: uv links files from its cache, and without uv
there is pip's cache.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal

import nox

nox.needs_version = ">=2025.10.14"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "tests"]

ROOT = Path(__file__).parent
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
EXAMPLE = "examples/traffic-lights"
TOOLS = ROOT / "build" / "tools"
DIST = ROOT / "build" / "release" / "dist"
COVERED = ROOT / "build" / "coverage"

# Tools of Go, by their name: built once, from the module proxy and its checksum database.
GO_TOOLS = {
    "act": "github.com/nektos/act@v0.2.89",
    "actionlint": "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12",
}

# Lock -> what uv resolves for it. The first is the widest; each later one keeps to the versions of those before it.
LOCKS = {
    "integration": ["pyproject.toml", "--extra", "tensorflow", "--group", "test"],
    "tensorflow": ["pyproject.toml", "--extra", "tensorflow"],
    "test": ["pyproject.toml", "--group", "test"],
    "base": ["pyproject.toml"],
    "comment": ["--group", "comment"],
    "lint": ["pyproject.toml", "--group", "lint"],
    "nox": ["--group", "nox"],
    "uv": ["--group", "uv"],
    "build": ["--group", "build"],
}
# These stand apart: onnx2tf pins what it stands on, LiteRT among it, and has no release for Python 3.11.
ROADS = {
    "roads": ["pyproject.toml", "--extra", "onnx", "--group", "test"],
    "onnx": ["pyproject.toml", "--extra", "onnx"],
}


def is_there(version: str) -> bool:
    """Whether a Python of this version starts from PATH (a pyenv shim may stand there and start nothing)."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return True
    places = (shutil.which(f"python{version}", path=folder) for folder in os.get_exec_path())
    return any(
        subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0
        for python in places
        if python
    )


def newest(versions: list[str]) -> str:
    """The last of them; with none of them here, nox may fetch one."""
    return versions[-1] if versions else "3.13"


THERE = [version for version in PYTHONS if is_there(version)]
TOOL_PYTHON = newest(THERE)
TENSORFLOW_PYTHON = newest([version for version in THERE if version != "3.14"])  # which TensorFlow has no wheels for
ROADS_PYTHON = newest([version for version in THERE if version in {"3.12", "3.13"}])
EDGES = [version for version in PYTHONS if version in {*THERE[:1], TENSORFLOW_PYTHON, TOOL_PYTHON}]
DOWNLOAD: Literal["never", "auto"] = "never" if THERE else "auto"


def prepare(session: nox.Session, lock: str) -> None:
    """Install this package, editable, and what the lock names, unless the environment holds just that already."""
    files = [ROOT / "requirements" / "build.txt", ROOT / "requirements" / f"{lock}.txt"]
    # The environment is ours: let Python keep what it compiles there. LiteRT's schema alone takes 0.3 s a process.
    session.env["PYTHONDONTWRITEBYTECODE"] = ""
    digest = hashlib.sha256(str(ROOT).encode())
    for file in [*files, ROOT / "pyproject.toml"]:
        digest.update(file.read_bytes())
    stamp = Path(session.virtualenv.location) / "quantci-lock.sha256"
    if stamp.is_file() and stamp.read_text() == digest.hexdigest():
        return
    stamp.unlink(missing_ok=True)
    session.log(f"installing requirements/{lock}.txt (once, until it changes)")
    exact = ["--exact"] if session.venv_backend == "uv" else []
    locked = [argument for file in files for argument in ("-r", str(file.relative_to(ROOT)))]
    session.install("--require-hashes", *exact, *locked, silent=not sys.stderr.isatty())
    session.install("--no-deps", "--no-build-isolation", "-e", ".")
    if lock in {"tensorflow", "integration"}:  # the process that reads models may not keep what Python compiles
        session.run("python", "-c", "import keras, tensorflow, tf_keras", silent=True)
    if lock in ROADS:
        session.run("python", "-c", "import onnx2tf.tflite_builder, onnxruntime, onnxsim", silent=True)
    stamp.write_text(digest.hexdigest())


def run_stage(session: nox.Session, lock: str, command: str | None = None) -> None:
    """Run the session's command on the example, or on the project that `-- --config FILE` names."""
    prepare(session, lock)
    config: list[str] = []
    if not any(argument.split("=")[0] == "--config" for argument in session.posargs):
        make_data(session)
        config = ["--config", f"{EXAMPLE}/quantci.toml"]
    session.run("quantci", command or session.name, *config, *session.posargs)


def make_data(session: nox.Session) -> None:
    """Draw the example's images, unless they are there."""
    session.run("python", f"{EXAMPLE}/generate.py")


def go_tool(session: nox.Session, name: str) -> str | None:
    """The binary of a tool of Go; built now, unless this version of it is there. None where there is no Go."""
    module = GO_TOOLS[name]
    folder = TOOLS / f"{name}@{module.partition('@')[2]}"
    if not (folder / name).is_file():
        if shutil.which("go") is None:
            missing(session, f"{name} is not run: Go builds it, and is not here; install Go from 1.25 on")
            return None
        session.log(f"building {name} (once; about a minute and a half for act)")
        session.run("go", "install", module, env={"GOBIN": str(folder)}, external=True)
    return str(folder / name)


def run_pytest(session: nox.Session, folder: str, *options: str, env: dict[str, str] | None = None) -> None:
    """Run a whole folder of tests, two files side by side, or only what `-- ARGUMENTS` say."""
    # A process that a hanging test has ended (pyproject.toml) ends the run: another would hang in the same test.
    side_by_side = ["--numprocesses=2", "--dist=loadfile", "--max-worker-restart=0"]
    chosen = session.posargs or [folder, *side_by_side]
    session.run("python", "-m", "pytest", *options, *chosen, env=env or {})


def measured(session: nox.Session) -> tuple[list[str], dict[str, str]]:
    """Options and variables with which a session leaves its part for `coverage`: a whole run on one Python does."""
    if session.posargs or session.python != TENSORFLOW_PYTHON:
        return [], {}
    COVERED.mkdir(parents=True, exist_ok=True)
    return ["--cov", "--cov-report=", "--cov-fail-under=0"], {
        "COVERAGE_FILE": str(COVERED / f".coverage.{session.name}")
    }


def missing(session: nox.Session, what: str) -> None:
    """Say that a check is skipped; in CI that is an error, because nobody would read a warning there."""
    if os.environ.get("CI"):
        session.error(what)
    session.warn(what)


def check_workflows(session: nox.Session) -> None:
    """Check workflows and actions, ours and those that we show to others."""
    workflows = [*sorted((ROOT / ".github/workflows").glob("*.yml")), *sorted(ROOT.glob("examples/workflows/*.yml"))]
    actions = sorted([*ROOT.glob("action.yml"), *ROOT.glob("actions/*/action.yml")])
    composite = [str(path.relative_to(ROOT)) for path in actions]
    named = [str(path.relative_to(ROOT)) for path in workflows]
    if actionlint := go_tool(session, "actionlint"):
        session.run(actionlint, *named, external=True)
    session.run("zizmor", "--quiet", "--persona=auditor", "--offline", ".github", *composite, *named)
    for kind, files in {
        "vendor.github-workflows": named,
        "vendor.github-actions": composite,
        "vendor.github-issue-config": [".github/ISSUE_TEMPLATE/config.yml"],
        "vendor.github-issue-forms": [".github/ISSUE_TEMPLATE/bug.yml"],
        "vendor.dependabot": [".github/dependabot.yml"],
    }.items():
        session.run("check-jsonschema", "--builtin-schema", kind, *files)


def check_schemas(session: nox.Session) -> None:
    """Let a second implementation say whether what quantci generates are JSON Schemas."""
    schemas = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "schemas").glob("*.json"))
    session.run("check-jsonschema", "--check-metaschema", *schemas)


@nox.session(python=TOOL_PYTHON)
def data(session: nox.Session) -> None:
    """Generate the example's images."""
    prepare(session, "base")
    make_data(session)


@nox.session(python=TENSORFLOW_PYTHON)
def pipeline(session: nox.Session) -> None:
    """All stages, from the source model to the report."""
    run_stage(session, "tensorflow")


@nox.session(python=TENSORFLOW_PYTHON)
def quantize(session: nox.Session) -> None:
    """Make the INT8 model."""
    run_stage(session, "tensorflow")


@nox.session(python=TOOL_PYTHON)
def evaluate(session: nox.Session) -> None:
    """Compare the INT8 model with the float model on the evaluation set."""
    run_stage(session, "base")


@nox.session(python=TOOL_PYTHON)
def diagnose(session: nox.Session) -> None:
    """Find the layer that costs accuracy."""
    run_stage(session, "base")


@nox.session(python=TOOL_PYTHON)
def embed(session: nox.Session) -> None:
    """Turn the INT8 model into an ESP-IDF component."""
    run_stage(session, "base")


@nox.session(python=TOOL_PYTHON)
def hw_bench(session: nox.Session) -> None:
    """Run the INT8 model on a board, an emulated chip or the virtual device."""
    run_stage(session, "base", "bench")


@nox.session(python=TOOL_PYTHON)
def report(session: nox.Session) -> None:
    """Join the records into the report, with its verdict."""
    run_stage(session, "base")


@nox.session(python=PYTHONS, download_python=DOWNLOAD)
def tests(session: nox.Session) -> None:
    """Unit tests, on every supported Python that is there."""
    prepare(session, "test")
    options, environment = measured(session)
    run_pytest(session, "tests/unit", *options, env=environment)


@nox.session(python=TOOL_PYTHON)
def faults(session: nox.Session) -> None:
    """Sessions of bench with a simulated device that fails at random: 2,000, or as many as `-- N` says."""
    prepare(session, "test")
    session.run("python", "-m", "tests.faults", *(session.posargs or ["2000"]))


@nox.session(python=TOOL_PYTHON)
def coverage(session: nox.Session) -> None:
    """How much of quantci, branches included, the tests ran; build/coverage/html shows the rest."""
    prepare(session, "test")
    if not list(COVERED.glob(".coverage.*")):
        first = f"tests-{TENSORFLOW_PYTHON} integration-{TENSORFLOW_PYTHON} torch"
        session.error(f"nothing is measured yet: run `sh nox.sh -s {first}` first")
    environment = {"COVERAGE_FILE": str(COVERED / ".coverage")}
    session.run("coverage", "combine", "--keep", "--quiet", str(COVERED), env=environment)
    session.run("coverage", "html", "--quiet", "--directory", str(COVERED / "html"), "--fail-under=0", env=environment)
    session.run("coverage", "report", "--skip-covered", "--sort=-miss", env=environment)


@nox.session(python=THERE[:1] or TOOL_PYTHON)
def lowest(session: nox.Session) -> None:
    """Unit tests with the oldest versions that pyproject.toml allows, on the oldest Python that is there."""
    session.install("--resolution=lowest-direct", "-r", "pyproject.toml", "--group", "test")
    session.install("--no-deps", "-e", ".")
    run_pytest(session, "tests/unit")


@nox.session(python=EDGES, download_python=DOWNLOAD)
def integration(session: nox.Session) -> None:
    """Tests with LiteRT, TFLM and a C++ compiler, on two Pythons; with TensorFlow on the newest that it has."""
    prepare(session, "integration" if session.python == TENSORFLOW_PYTHON else "test")
    options, environment = measured(session)
    run_pytest(session, "tests/integration", *options, env=environment)


@nox.session(python=ROADS_PYTHON)
def roads(session: nox.Session) -> None:
    """Tests of what reads ONNX, which need other packages than the rest; what needs PyTorch is skipped."""
    prepare(session, "roads")
    run_pytest(session, "tests/integration", "-m", "roads")


@nox.session(python=ROADS_PYTHON)
def torch(session: nox.Session) -> None:
    """The same with PyTorch, by the version that the actions install."""
    prepare(session, "roads")
    wanted = ["-r", "requirements/torch.in"]
    try:  # uv knows the index of the builds without CUDA, which is 4 GB
        session.install("--torch-backend=cpu", *wanted)
    except nox.command.CommandFailed:
        session.log("PyTorch's own index did not give it: it is taken from the package index")
        session.install(*wanted)
    options, environment = measured(session)
    run_pytest(session, "tests/integration", "-m", "roads", *options, env=environment)


@nox.session(venv_backend="none")
def firmware(session: nox.Session) -> None:
    """The firmware's tests, on this machine, with sanitizers."""
    absent = [tool for tool in ("cmake", "ninja", "g++") if shutil.which(tool) is None]
    if absent:
        missing(session, f"no {', '.join(absent)}: the firmware is not tested; firmware/README.md names the packages")
        session.skip("it builds a program")
    build = str(ROOT / "build" / "firmware")
    session.run("cmake", "-S", "firmware/host", "-B", build, "-G", "Ninja", "-DSANITIZE=ON", silent=True, external=True)
    session.run("cmake", "--build", build, silent=True, external=True)
    session.run("ctest", "--test-dir", build, "--no-tests=error", "--output-on-failure", "--parallel=2", external=True)


@nox.session(python=TOOL_PYTHON)
def e2e(session: nox.Session) -> None:
    """The actions and workflows as GitHub would run them, by act, from another repository."""
    prepare(session, "test")
    act = go_tool(session, "act")
    if shutil.which("node") is None:
        missing(session, "act needs node for actions/cache: install it")
        act = None
    if act is None:
        session.skip("it needs Go, which builds act, and node")
    run_pytest(
        session, "tests/e2e", "--basetemp=build/e2e", env={"QUANTCI_ACT": act}
    )  # its logs stay until the next run


@nox.session(python=TOOL_PYTHON)
def lint(session: nox.Session) -> None:
    """Format, lint, types, layers, spelling, schemas, workflows."""
    prepare(session, "lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")
    session.run("lint-imports")
    session.run("codespell")
    check_schemas(session)
    check_workflows(session)


@nox.session(python=TOOL_PYTHON)
def schemas(session: nox.Session) -> None:
    """Check that schemas/ matches the records and is valid."""
    prepare(session, "lint")
    session.run("quantci", "schema", "--check")
    check_schemas(session)


@nox.session(python=TOOL_PYTHON)
def build(session: nox.Session) -> None:
    """Wheel and sdist, in build/release/dist; the wheel starts, and its schemas are the committed ones."""
    shutil.rmtree(DIST, ignore_errors=True)
    locked = [argument for name in ("build", "base") for argument in ("-r", f"requirements/{name}.txt")]
    session.install("--require-hashes", *locked)
    session.run("python", "-m", "hatchling", "build", "--directory", str(DIST))
    (wheel,) = DIST.glob("*.whl")
    session.install("--no-deps", "--force-reinstall", str(wheel))
    session.run("quantci", "--version")
    session.run("quantci", "schema", "--check")


@nox.session(python=TOOL_PYTHON)
def docs(session: nox.Session) -> None:
    """Check the documents: links, commands and generated tables."""
    prepare(session, "test")
    session.run("python", "-m", "tests.docs.tables")
    session.run("python", "tests/docs/check.py")


@nox.session(python=TOOL_PYTHON)
def picture(session: nox.Session) -> None:
    """Draw docs/comment.png with a browser: the comment on a change that lets TFLM get the model wrong."""
    prepare(session, "test")
    example = "examples/relu6-residual"
    session.run("python", f"{example}/generate.py")
    config = ("--config", f"{example}/quantci.toml")
    base = ROOT / example / "build/base"
    session.run("quantci", "pipeline", *config, "--output-dir", str(base))
    change = ("--baseline", str(base), "--quantization-rewrite", "false")
    session.run("quantci", "pipeline", *config, *change, success_codes=[3])
    session.run("python", "tests/docs/picture.py", *session.posargs)


@nox.session(python=TENSORFLOW_PYTHON)
def stories(session: nox.Session) -> None:
    """Tell what the documents show of real runs: the probe's ranking, and the comment on a model normalised twice."""
    prepare(session, "integration")
    session.run("python", "-m", "tests.docs.stories")


@nox.session(python=TENSORFLOW_PYTHON)
def benchmarks(session: nox.Session) -> None:
    """Measure what the parts of quantci cost, in time and memory."""
    prepare(session, "tensorflow")
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session(venv_backend="none")
def locks(session: nox.Session) -> None:
    """Make requirements/*.txt again from pyproject.toml; `-- --upgrade` takes new versions."""
    constraints = "requirements/constraints.in"
    beside = "requirements/build.txt"  # sessions install it together with theirs
    for chain, python, first in ((LOCKS, PYTHONS[0], [constraints]), (ROADS, "3.12", [constraints, beside])):
        done = list(first)
        for name, sources in chain.items():
            output = f"requirements/{name}.txt"
            earlier = [argument for other in done for argument in ("--constraints", other)]
            session.run(
                *("uv", "pip", "compile", "--quiet", "--universal", "--python-version", python, "--generate-hashes"),
                *("--no-emit-index-url", "--no-header", "--no-annotate", *sources, *earlier),
                *("--output-file", output, *session.posargs),
                external=True,
            )
            done.append(output)
