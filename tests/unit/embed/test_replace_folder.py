import errno
import hashlib
from pathlib import Path
from typing import NoReturn

import pytest

from quantci.embed.replace_folder import MARKER, replace_folder
from quantci.errors import ConfigError, ToolError

FILES = {"CMakeLists.txt": MARKER.encode() + b"\nmore\n", "include/a/b.h": b"new"}


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_files_are_written_and_listed_in_order(tmp_path: Path) -> None:
    listed = replace_folder(tmp_path / "deep" / "part", FILES)
    assert tree(tmp_path / "deep") == {f"part/{name}": data for name, data in FILES.items()}
    assert [(file.path, file.file_bytes, file.sha256) for file in listed] == [
        ("CMakeLists.txt", len(FILES["CMakeLists.txt"]), hashlib.sha256(FILES["CMakeLists.txt"]).hexdigest()),
        ("include/a/b.h", 3, hashlib.sha256(b"new").hexdigest()),
    ]


def test_a_folder_of_ours_is_replaced_as_a_whole(tmp_path: Path) -> None:
    replace_folder(tmp_path / "part", FILES | {"old.cc": b"old"})
    replace_folder(tmp_path / "part", FILES)
    assert tree(tmp_path) == {f"part/{name}": data for name, data in FILES.items()}


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "part").mkdir()
    replace_folder(tmp_path / "part", FILES)
    assert tree(tmp_path / "part") == FILES


@pytest.mark.parametrize("first_line", ["project(mine)", MARKER + " not", "", "\xff"])
def test_a_folder_of_others_is_left_alone(tmp_path: Path, first_line: str) -> None:
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "CMakeLists.txt").write_bytes(first_line.encode("latin-1") + b"\n")
    before = tree(tmp_path)
    with pytest.raises(ConfigError) as caught:
        replace_folder(tmp_path / "part", FILES)
    assert caught.value.code == "not-ours"
    assert tree(tmp_path) == before


def test_a_folder_without_cmakelists_a_file_and_a_link_are_left_alone(tmp_path: Path) -> None:
    replace_folder(tmp_path / "ours", FILES)
    (tmp_path / "link").symlink_to(tmp_path / "ours")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "file").write_bytes(b"mine")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_bytes(b"mine")
    for name in ("link", "dangling", "file", "other"):
        with pytest.raises(ConfigError) as caught:
            replace_folder(tmp_path / name, FILES)
        assert caught.value.code == "not-ours"


@pytest.mark.parametrize("method", ["write_bytes", "replace"])
def test_what_was_there_stays_when_the_disk_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    replace_folder(tmp_path / "part", FILES)
    original = getattr(Path, method)

    def fail(self: Path, argument: bytes | Path) -> object:
        if self.name in {"b.h", "new"}:
            raise OSError(errno.ENOSPC, "No space left on device")
        return original(self, argument)

    monkeypatch.setattr(Path, method, fail)
    with pytest.raises(ToolError) as caught:
        replace_folder(tmp_path / "part", FILES | {"more.cc": b"more"})
    assert caught.value.code == "unwritable"
    assert tree(tmp_path) == {f"part/{name}": data for name, data in FILES.items()}, (
        "the old folder, and nothing beside it"
    )


def test_a_parent_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> NoReturn:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(ToolError, match="Permission denied") as caught:
        replace_folder(tmp_path / "no" / "part", FILES)
    assert caught.value.code == "unwritable"
