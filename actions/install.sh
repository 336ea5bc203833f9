#!/bin/sh
# The private environment that the actions run quantci from. Every action calls this twice:
#
#   install.sh plan ACTION      says, as an output of the step, which Python actions/setup-python has to bring; none, where one is here
#   install.sh install ACTION   installs what the action needs, from this repository's own folder at its own ref and from its hashed locks
#
# actions/check calls `install.sh check STEP`, for which nothing is installed.
#
# src/quantci/github/runner/install.py decides what is needed. Nothing is written into the action's folder, nothing is put on the
# job's PATH, nothing of the caller's project is read, and nothing is taken from what another job left: uv checks the hash of
# what it downloads, and of what it finds in its cache no more.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
outputs=${GITHUB_OUTPUT:-/dev/stdout}
oldest=11 newest=14 # the Pythons 3 that there are wheels for, unless the lock says fewer
export PYTHONDONTWRITEBYTECODE=1 # the action's folder stays as it came
unset PYTHONHOME PYTHONPATH PYTHONSTARTUP

# What a caller set for its own project has no say here; mirrors, proxies and certificates have.
unset UV_PYTHON UV_SYSTEM_PYTHON UV_BREAK_SYSTEM_PACKAGES UV_EXCLUDE_NEWER UV_PROJECT UV_PROJECT_ENVIRONMENT UV_CONFIG_FILE \
    UV_CONSTRAINT UV_OVERRIDE UV_BUILD_CONSTRAINT UV_NO_BINARY UV_NO_BUILD UV_NO_BUILD_ISOLATION UV_PRERELEASE UV_RESOLUTION \
    UV_NO_CACHE UV_COMPILE_BYTECODE UV_WORKING_DIRECTORY UV_VENV_CLEAR VIRTUAL_ENV 2>/dev/null || true
unset PIP_CONSTRAINT PIP_DRY_RUN PIP_NO_BINARY PIP_ONLY_BINARY PIP_PREFIX PIP_REQUIRE_VIRTUALENV PIP_REQUIREMENT PIP_ROOT PIP_TARGET \
    PIP_USER 2>/dev/null || true

# One line for the log, and for the page of the run.
fail() {
    printf '::error title=quantci install::%s\n' "$*"
    exit 4
}

# A Python from 3.$1 to 3.$2: the one that actions/setup-python brought for us or for the caller, the machine's, one that uv knows.
find_python() {
    for name in "${QUANTCI_PYTHON:-/nowhere}" "${pythonLocation:-/nowhere}/bin/python" \
        python3.13 python3.14 python3.12 python3.11 python3 python; do
        if "$name" -I -c "import sys; sys.exit(not (3, $1) <= sys.version_info[:2] <= (3, $2))" 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    if command -v uv >/dev/null; then
        (cd / && uv python find --no-project ">=3.$1,<3.$(($2 + 1))" 2>/dev/null) # in the workspace it would read settings
    fi
}

# uv of the machine, or the one that pip installs from its hashed lock into $1. A Python without pip may still make an
# environment that has it.
get_uv() {
    if uv=$(command -v uv); then
        return
    fi
    pip=$python
    if ! "$pip" -I -c 'import pip' 2>/dev/null; then
        pip=$1/venv/bin/python
        "$python" -I -m venv "$1/venv" >&2 ||
            fail "$python has neither pip nor venv: install them on the runner (Debian, Ubuntu: sudo apt-get install python3-venv), or uv"
    fi
    "$pip" -I -m pip --quiet --disable-pip-version-check --no-input install --root-user-action=ignore --no-compile \
        --target "$1" --no-deps --only-binary :all: --require-hashes -r "$root/requirements/uv.txt" >&2 || unreachable uv
    uv=$1/bin/uv
}

unreachable() {
    fail "$1 could not be downloaded; the lines above say why. Give the runner a way to its package index: a proxy in HTTPS_PROXY," \
        "or a mirror in PIP_INDEX_URL and UV_DEFAULT_INDEX"
}

# PyTorch, and what the caller's code needs besides: of exact versions, but without hashes. Its builds for CPU lie in an index of
# its own, which uv knows; where that cannot be reached, it comes from the runner's package index, with CUDA.
add_torch() {
    backend=${UV_TORCH_BACKEND:-cpu}
    unset UV_TORCH_BACKEND
    # shellcheck disable=SC2086 # words; install.py lets no other character through
    set -- --quiet --python "$env/bin/python" --no-build -r "$root/requirements/torch.in" $packages
    if ! "$uv" pip install --torch-backend "$backend" "$@"; then
        echo "PyTorch's own index did not give it: it is taken from the package index, on Linux with 4 GB of CUDA"
        "$uv" pip install "$@" || unreachable "requirements/torch.in"
    fi
}

no_python() {
    fail "no Python from 3.$oldest to 3.$newest is on this runner, and actions/setup-python brought none that starts: install one" \
        "(Debian, Ubuntu: sudo apt-get install python3-venv; with uv: uv python install 3.13)"
}

if [ "$1 $2" = "check plan" ]; then
    [ -n "$(find_python 11 99)" ] || printf 'python-version=3.13\n' >>"$outputs"
    exit
elif [ "$1" = check ]; then
    python=$(find_python 11 99) || true # the standard library is enough, whichever it is
    [ -n "$python" ] || no_python
    PYTHONPATH=$root/src exec "$python" -P -m quantci.github.runner.check "$2"
fi

python=$(find_python "$oldest" "$newest") || true
if [ -n "$python" ]; then
    plan=$(PYTHONPATH=$root/src "$python" -P -m quantci.github.runner.install "$2" "$root") || {
        printf '::error title=quantci install::an input of the action is not valid: the line above says which\n'
        exit 2
    }
    {
        read -r lock
        read -r oldest
        read -r newest
        read -r packages
        read -r env
    } <<EOF
$plan
EOF
    [ -e "$env/ready" ] || python=$(find_python "$oldest" "$newest") || true
fi

case $1 in
plan)
    [ -n "$python" ] || printf 'python-version=3.13\n' >>"$outputs"
    ;;
install)
    [ -n "$python" ] || no_python
    if ! [ -e "$env/ready" ]; then
        rm -rf "$env" "$env.uv"
        mkdir -p "$(dirname "$env")"
        cd "$(dirname "$env")" # not the workspace: uv would read settings that lie there
        # On a self-hosted runner uv's own cache stays on the disk, within reach of every job: nothing for one that can write.
        if [ "$lock" = comment ] || [ "${RUNNER_ENVIRONMENT:-}" != self-hosted ]; then
            export UV_CACHE_DIR="$env.cache" PIP_NO_CACHE_DIR=1
        fi
        get_uv "$env.uv"
        "$uv" venv --quiet --no-project --python "$python" "$env"
        hashed=$lock
        [ "$lock" != torch ] || hashed=onnx
        "$uv" pip install --quiet --python "$env/bin/python" --require-hashes --no-build \
            -r "$root/requirements/$hashed.txt" || unreachable "requirements/$hashed.txt"
        [ "$lock" != torch ] || add_torch
        cp -R "$root/src/quantci" "$env"/lib/python3.*/site-packages/ # pure Python: building it would give the same, with a builder's help
        rm -rf "$env.uv"
        : >"$env/ready"
    fi
    printf 'lock=%s\npython=%s\n' "$lock" "$env/bin/python" >>"$outputs"
    ;;
*) fail "install.sh: check, plan or install, not $1" ;;
esac
