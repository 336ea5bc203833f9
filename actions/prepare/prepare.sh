#!/usr/bin/env bash
# Runs QUANTCI_PREPARE with the variables of QUANTCI_PREPARE_ENV, whose values no log shows.
set -euo pipefail

command=$QUANTCI_PREPARE
lines=$QUANTCI_PREPARE_ENV
unset QUANTCI_PREPARE QUANTCI_PREPARE_ENV

number=0
while IFS= read -r line; do
    number=$((number + 1))
    line=${line%$'\r'}
    if [ -z "$line" ]; then
        continue
    fi
    if ! [[ $line =~ ^[A-Za-z_][A-Za-z0-9_]*= ]]; then
        printf '::error title=quantci prepare::Line %s of the secret prepare-env is not NAME=value (it is not shown here).\n' "$number"
        exit 2
    fi
    value=${line#*=}
    if [ "${#value}" -ge 4 ]; then # a shorter one would black out half of the log
        printf '::add-mask::%s\n' "${value//\%/%25}"
    fi
    export "${line?}"
done <<<"$lines"

exec bash -euo pipefail -c "$command"
