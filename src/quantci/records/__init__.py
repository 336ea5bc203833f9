"""Typed records: every JSON or TOML that quantci reads or writes. The code is the source of `schemas/`."""
