#!/bin/sh
# nox, brought along: `sh nox.sh -s pipeline` needs a Python from 3.11 to 3.14, or uv, and nothing else.
#
# nox and uv, as requirements/nox.txt locks them, go into a private environment under build/nox, once; the system is left as it is.
# A nox that is installed already does as well: `nox -s pipeline`.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
lock=$root/requirements/nox.txt
env=$root/build/nox
new=$env.$$ # filled first and then renamed: an interrupted run leaves nothing half made
log=$root/build/nox.log

say() { printf 'quantci: %s\n' "$*" >&2; }

# The lock that the environment was made from lies in it.
is_ready() { [ -x "$env/bin/python" ] && cmp -s "$lock" "$env/nox.txt"; }

start() {
    PATH=$env/bin:$PATH
    export PATH
    exec "$env/bin/python" -P -m nox --noxfile "$root/noxfile.py" "$@" # not bin/nox: its first line names the folder before renaming
}

find_python() {
    for name in python3.13 python3.14 python3.12 python3.11 python3 python; do
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; then
            printf '%s\n' "$name"
            return
        fi
    done
}

# Each way fills $new or fails.
by_uv() {
    command -v uv && uv venv --no-project --python "${python:->=3.11,<3.15}" "$new" &&
        uv pip install --python "$new/bin/python" --require-hashes -r "$lock"
}
by_venv() { "$python" -m venv "$new" && "$new/bin/python" -m pip install --require-hashes -r "$lock"; }
by_pip() { # Debian without python3-venv has no ensurepip, but perhaps a pip that can install into an environment from outside
    ! has ensurepip && "$python" -m venv --without-pip "$new" &&
        "$python" -m pip --python "$new/bin/python" install --require-hashes -r "$lock"
}
has() { "$python" -c "import $1" 2>/dev/null; }

# Make build/nox in the first way that works here; $log keeps what each of them said.
make_env() {
    say "making a private environment in build/nox (once)"
    : >"$log"
    for way in by_uv by_venv by_pip; do
        rm -rf "$new"
        if "$way" >>"$log" 2>&1; then
            cp "$lock" "$new/nox.txt"
            if ! is_ready; then # else another run, at the same time, was faster and uses it by now
                rm -rf "$env"
                mv "$new" "$env"
            fi
            return
        fi
    done
    return 1
}

explain() {
    if [ -z "$python" ]; then
        say "no Python from 3.11 to 3.14 was found: install one (Debian, Ubuntu: sudo apt install python3 python3-venv), or uv"
    elif ! has ensurepip && ! has pip; then
        say "$python cannot make environments here: install that part of it (Debian, Ubuntu: sudo apt install python3-venv), or uv"
    else
        say "nox could not be installed (is the network there?); the end of build/nox.log:"
        tail -n 5 "$log" >&2
    fi
}

mkdir -p "$root/build"

if [ ! -d "${HOME:-}" ] || [ ! -w "$HOME" ]; then
    say "no home folder to write to: using build/home"
    HOME=$root/build/home
    mkdir -p "$HOME"
    export HOME
fi

# Where the machine has a list of certificates, believe it: it may hold a company's own.
for certificates in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
    if [ -e "$certificates" ]; then
        export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}"
    fi
done

is_ready && start "$@"

if ! command -v uv >/dev/null && nox --noxfile "$root/noxfile.py" --list >/dev/null 2>&1; then
    exec nox --noxfile "$root/noxfile.py" "$@"
fi

trap 'rm -rf "$new"' EXIT
trap 'exit 130' INT TERM HUP
python=$(find_python)
if ! make_env; then
    explain
    exit 1
fi
rm -rf "$new"
start "$@"
