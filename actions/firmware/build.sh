#!/usr/bin/env bash
# Builds the bench firmware of this repository, at this ref, into one flash image, and puts Espressif's QEMU on the job's PATH.
# The action's folder stays as it came: everything is built below RUNNER_TEMP.
set -euo pipefail

fail() { # one line for the log, and for the page of the run
    printf '::error title=quantci firmware::%s\n' "$*"
    exit "${code:-2}"
}

case $QUANTCI_KERNELS in
esp-nn) defaults="sdkconfig.defaults;sdkconfig.emulated" ;;
ansi-c) defaults="sdkconfig.defaults;sdkconfig.emulated;sdkconfig.ansi_c" ;;
*) fail "kernels is neither esp-nn nor ansi-c." ;;
esac
if [ ! -f "${IDF_PATH:-}/export.sh" ]; then
    fail "There is no ESP-IDF here (IDF_PATH): run the job in a container such as espressif/idf:v5.5, or install ESP-IDF 5.1 to 6.0."
fi
work=$RUNNER_TEMP/quantci-firmware
rm -rf "$work"
cp -R "$GITHUB_ACTION_PATH/../../firmware" "$work"

set +u # ESP-IDF's own scripts
# shellcheck disable=SC1091
. "$IDF_PATH/export.sh" >"$work/export.log" 2>&1 || { cat "$work/export.log" && code=4 fail "ESP-IDF's export.sh failed; the lines above say why."; }
set -u
cd "$work"
idf.py -B build -D SDKCONFIG=build/sdkconfig -D "SDKCONFIG_DEFAULTS=$defaults" build ||
    code=4 fail "The firmware was not built; the lines above say why. It takes esp-tflite-micro and esp-nn from Espressif's component registry."

# The parts where the bootloader looks for them, and then erased flash up to the end, as QEMU wants it.
image=$work/quantci-bench.bin
(cd build && python -m esptool --chip esp32s3 merge_bin -o "$image" "@flash_args")
size=$(sed -n 's/^CONFIG_ESPTOOLPY_FLASHSIZE="\([0-9]*\)MB"$/\1/p' build/sdkconfig)
head -c $((size * 1024 * 1024 - $(wc -c <"$image"))) /dev/zero | tr '\0' '\377' >>"$image"
printf 'image=%s\n' "$image" >>"$GITHUB_OUTPUT"

if ! command -v qemu-system-xtensa >/dev/null; then
    python "$IDF_PATH/tools/idf_tools.py" --non-interactive install qemu-xtensa || code=4 fail "ESP-IDF's tools could not install qemu-xtensa."
    eval "$(python "$IDF_PATH/tools/idf_tools.py" export --format shell)"
fi
qemu-system-xtensa --version || code=4 fail "QEMU does not start: install libgcrypt20, libglib2.0-0, libpixman-1-0, libsdl2-2.0-0 and libslirp0."
dirname "$(command -v qemu-system-xtensa)" >>"$GITHUB_PATH"
