#!/bin/sh
# The private environment that the actions run quantci from. Every action calls this twice:
#
#   install.sh plan ACTION      says what has to be installed (src/quantci.github.install.py decides), as outputs of the step
#   install.sh install ACTION   installs it, from this repository's own folder at its own ref and from its hashed locks
#
# Nothing is written into the action's folder, nothing is put on the job's PATH, and nothing of the caller's project is read.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
outputs=${GITHUB_OUTPUT:-/dev/stdout}
export PYTHONDONTWRITEBYTECODE=1 # the action's folder stays as it came
unset PYTHONHOME PYTHONPATH PYTHONSTARTUP

# What a caller set for its own project has no say here; mirrors, proxies and certificates have.
unset UV_PYTHON UV_SYSTEM_PYTHON UV_BREAK_SYSTEM_PACKAGES UV_EXCLUDE_NEWER UV_PROJECT UV_PROJECT_ENVIRONMENT UV_CONFIG_FILE \
    UV_CONSTRAINT UV_OVERRIDE UV_BUILD_CONSTRAINT UV_NO_BINARY UV_NO_BUILD UV_NO_BUILD_ISOLATION UV_PRERELEASE UV_RESOLUTION \
    UV_NO_CACHE UV_COMPILE_BYTECODE UV_WORKING_DIRECTORY UV_VENV_CLEAR VIRTUAL_ENV 2>/dev/null || true

# One line for the log, and for the page of the run.
fail() {
    printf '::error title=quantci install::%s\n' "$*"
    exit 4
}

# setup-python's Python, the image's newest, or one that uv finds or fetches: from 3.11 on.
find_python() {
    for name in "${pythonLocation:-/nowhere}/bin/python" python3.13 python3.12 python3.11 python3 python; do
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    if command -v uv >/dev/null; then
        uv python find --no-project '>=3.11,<3.14' 2>/dev/null || { uv python install 3.13 >&2 && uv python find --no-project 3.13; }
    fi
}

# uv of the runner, the one that an earlier job left in the cache, or one that pip installs from its hashed lock.
find_uv() {
    if command -v uv; then
        return
    fi
    if ! [ -x "$cache/bin/uv" ]; then
        rm -rf "$tools"
        "$python" -m venv "$tools" >&2 || fail "this Python has no venv: use actions/setup-python, or install python3-venv or uv on the runner"
        "$tools/bin/python" -m pip --quiet --disable-pip-version-check install --require-hashes -r "$root/requirements/uv.txt" >&2
        mkdir -p "$cache/bin"
        cp "$tools/bin/uv" "$cache/bin/uv.$$"
        mv "$cache/bin/uv.$$" "$cache/bin/uv"
        rm -rf "$tools"
    fi
    printf '%s\n' "$cache/bin/uv"
}

python=$(find_python) || true
[ -n "$python" ] || fail "no Python from 3.11 to 3.13 was found: use actions/setup-python, or install one, or uv, on the runner"

case $1 in
plan)
    PYTHONPATH=$root/src "$python" -P -m quantci.github.install "$2" "$root" >>"$outputs"
    ;;
install)
    env=$QUANTCI_ENVIRONMENT
    cache=$QUANTCI_CACHE_DIR
    tools=$env.uv
    if ! [ -e "$env/ready" ]; then
        if [ "${RUNNER_ENVIRONMENT:-}" != self-hosted ]; then # there uv's own cache stays on the disk
            export UV_CACHE_DIR="$cache/uv"
        fi
        mkdir -p "$cache" "$(dirname "$env")"
        uv=$(find_uv)
        cd "$(dirname "$env")" # not the workspace: uv would read settings that lie there
        rm -rf "$env"
        "$uv" venv --quiet --no-project --python "$python" "$env"
        "$uv" pip install --quiet --python "$env/bin/python" --require-hashes \
            -r "$root/requirements/build.txt" -r "$root/requirements/$QUANTCI_LOCK.txt"
        "$uv" pip install --quiet --python "$env/bin/python" --no-deps --no-build-isolation "$root"
        : >"$env/ready"
    fi
    printf 'python=%s\n' "$env/bin/python" >>"$outputs"
    ;;
*) fail "install.sh: plan or install, not $1" ;;
esac
