#!/usr/bin/env python3
"""What idf.py leaves of the firmware: the parts, where they go, and the configuration that was used."""

from pathlib import Path

assert Path("main/main.cc").is_file(), "it is called in the firmware's folder"
assert Path("partitions.csv").is_file()
build = Path("build")
build.mkdir()
(build / "sdkconfig").write_text('CONFIG_ESPTOOLPY_FLASHSIZE="8MB"\n')
(build / "flash_args").write_text("0x0 bootloader.bin\n0x10000 app.bin\n")
(build / "bootloader.bin").write_bytes(b"BOOT")
(build / "app.bin").write_bytes(b"APP")
