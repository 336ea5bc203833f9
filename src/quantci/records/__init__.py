"""Typed records: every JSON or TOML that quantci reads or writes. The code is the source of `schemas/`.

Modules of records have no `from __future__ import annotations`: each process would have to evaluate all those strings,
which takes longer than to read a configuration.
"""
