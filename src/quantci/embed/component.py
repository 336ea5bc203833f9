"""Write the ESP-IDF component: the quantized model, its constants, and exactly the ops that it uses.

Same input, same bytes: nothing in it depends on the time or place where it was made.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from quantci.embed import c_syntax
from quantci.embed.constants import check_table, ports
from quantci.embed.replace_folder import MARKER, replace_folder
from quantci.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.chip.known_bad.release import Release
    from quantci.embed.picture import InputConstants
    from quantci.embed.resolver import Resolver
    from quantci.records.arena import Arena
    from quantci.records.config import EmbedConfig
    from quantci.records.embed import EmbeddedFile
    from quantci.tflite.model import Model

TEMPLATES: Final = Path(__file__).parent / "templates"
IDF: Final = ">=5.1"


def write_component(
    folder: Path,
    *,
    model: Model,
    config: EmbedConfig,
    labels: Sequence[str],
    lookup_table: Sequence[Sequence[int]] | None,
    constants: InputConstants,
    arena: Arena | None,
    release: Release,
    resolver: Resolver,
) -> list[EmbeddedFile]:
    """Write the component's folder, whole or not at all; one that quantci wrote before is replaced.

    Args:
        folder: the component's folder.
        model: the quantized model.
        config: name, storage and custom ops.
        labels: class names; may be empty.
        lookup_table: quantized value of each pixel value 0..255, per channel; None if the input is not an 8-bit image.
        constants: what the firmware has to do with a sample.
        arena: the tensor arena to reserve; None when it is not known.
        release: the libraries that it is built with.
        resolver: what the component registers with TFLM.

    Raises:
        ConfigError: `component-name`.
        ModelRejected: `dynamic-shape`, `unsupported-type`.
        ToolError: `not-ours`, `unwritable`.
    """
    if config.component in c_syntax.RESERVED:
        raise ConfigError(
            "component-name",
            f"{config.component} is a word of C++ or the name of something else in the firmware.",
            where="embed.component",
            remedy="Choose another name, such as quantci_model.",
        )
    summary = model.summary
    channels = constants.size[2] if constants.size else None
    values = {
        "marker": MARKER,
        "component": config.component,
        "guard": config.component.upper(),
        "storage": config.storage,
        "symbol": f"{config.component}_model_tflite",
        "release": release,
        "idf": IDF,
        "model": model.data,
        "sha256": summary.sha256,
        "inputs": ports("Input", summary.inputs),
        "outputs": ports("Output", summary.outputs),
        "labels": labels,
        "table": check_table(lookup_table, summary.inputs[0].dtype, channels) if lookup_table is not None else None,
        "input": constants,
        "arena": arena,
        "resolver": resolver,
    }
    include = f"include/{config.component}"
    templates = {
        "CMakeLists.txt": "CMakeLists.txt",
        "idf_component.yml": "idf_component.yml",
        "model.cc": "model.cc",
        f"{include}/model.h": "model.h",
        f"{include}/op_resolver.h": "op_resolver.h",
    }
    files = {f"{include}/custom_ops/{name}": data for name, data in resolver.headers.items()}
    if config.storage == "binary":
        templates["model_data.S"] = "model_data.S"
        files["model.tflite"] = model.data
    files |= _render(templates, values)
    return replace_folder(folder, files)


def _render(templates: dict[str, str], values: dict[str, Any]) -> dict[str, bytes]:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=False,  # noqa: S701  C++, not HTML: every stranger's text goes through a filter of c_syntax
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "c_string": c_syntax.c_string,
        "c_comment": c_syntax.c_comment,
        "c_float": c_syntax.c_float,
        "hex_rows": c_syntax.hex_rows,
    }
    return {
        path: environment.get_template(f"{name}.j2").render(values).encode("ascii") for path, name in templates.items()
    }
