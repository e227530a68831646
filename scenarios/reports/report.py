"""``fundsim report``: the directory of a run, comparison or sweep as one HTML file that needs nothing else.

The notebook ``report.ipynb`` is executed on the directory (papermill); its outputs, without its code, are set
into the page ``template/index.html.j2`` (nbconvert).  Pictures are inside as SVG, and so is the part of the
Chinese font that the page uses.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.errors import InputError
from scenarios.labels import Lang
from scenarios.reports.html import FONT
from scenarios.reports.page import page_of
from scenarios.reports.words import phrase

if TYPE_CHECKING:
    from nbformat import NotebookNode

FOLDER = Path(__file__).parent
NOTEBOOK = FOLDER / "report.ipynb"
QUIET = ("--log-level=50",)
"""To the notebook's kernel: it would warn that it listens on this machine, and that it was interrupted."""


def report(directory: Path, out: Path, lang: Lang = "en") -> Path:
    """Writes the report; InputError where the directory holds no results, or the extra is not installed."""
    check_page(out)
    contents = page_of(directory, lang)
    contents.tables()  # what is damaged is named here, not by the notebook
    page = as_html(executed(directory, lang), lang, contents.title)
    temporary = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        temporary.write_text(page, "utf-8")
        os.replace(temporary, out)
    except OSError as error:
        raise InputError(out, "--out", f"expected a place that can be written ({error.strerror})") from None
    finally:
        temporary.unlink(missing_ok=True)
    return out


def check_page(out: Path) -> None:
    """InputError for a path that cannot become an HTML file."""
    folder = out.absolute().parent
    if out.suffix.lower() not in (".html", ".htm"):
        raise InputError(out, "--out", "expected the name of an HTML file, such as report.html")
    if out.is_dir() or not folder.is_dir():
        raise InputError(out, "--out", "expected a file in a directory that exists")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(out, "--out", f"expected a place that can be written, and {folder} cannot")


def executed(directory: Path, lang: Lang) -> NotebookNode:
    """The report's notebook, run on a directory by a Python of its own."""
    try:
        import ipykernel  # noqa: F401 - what runs the notebook
        import nbconvert  # noqa: F401
        from papermill import execute_notebook
    except ImportError as error:
        expected = f"needs its extra: pip install '.[report]' in fundsim's checkout ({error})"
        raise InputError("fundsim report", "", expected) from None
    given = {"directory": str(directory.absolute()), "lang": lang}
    options: dict[str, Any] = {
        "progress_bar": False,
        "log_output": False,
        "kernel_name": "python3",  # of this environment, before one that the user keeps under the same name
        "extra_arguments": list(QUIET),
        "cwd": str(FOLDER),  # where the user is may lie files with the names of modules
    }
    with _set("JUPYTER_PREFER_ENV_PATH", "1"), _set("PYTHONPATH", _with_this_program()):
        notebook: NotebookNode = execute_notebook(str(NOTEBOOK), None, given, **options)
    return notebook


def _with_this_program() -> str:
    """Where modules are looked for: first where this program's are, whatever is installed in the environment;
    never where the kernel works, whose files have names of modules."""
    given = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    return os.pathsep.join([str(Path(__file__).parents[2]), *map(os.path.abspath, given)])


@contextmanager
def _set(name: str, value: str) -> Iterator[None]:
    """A variable of the environment, for a while."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def as_html(notebook: NotebookNode, lang: Lang, title: str) -> str:
    """The notebook's HTML outputs as a page of their own."""
    from nbconvert.exporters import TemplateExporter

    make: Any = TemplateExporter
    exporter = make(extra_template_basedirs=[str(FOLDER)], template_name="template")
    exporter.template_file = "index.html.j2"
    resources = {
        "lang": "zh-CN" if lang == "zh" else "en",
        "title": title,
        "words": {key: phrase(key, lang) for key in ("report", "contents", "skip", "copied")},
    }
    body, _ = exporter.from_notebook_node(notebook, resources)
    return str(body).replace("/*font*/", font_face(body), 1)


def font_face(text: str) -> str:
    """A style rule with the characters of ``text`` in the Chinese font, as WOFF.

    A bare machine has no Chinese font, and the page asks for nothing from outside.
    """
    from io import BytesIO

    from fontTools.subset import Options, Subsetter, load_font, save_font
    from pylopdf_fonts_zh_cn import sans_path

    options = Options(flavor="woff", layout_features=["kern"], hinting=False, notdef_outline=True)
    font = load_font(str(sans_path()), options)
    subsetter = Subsetter(options)
    subsetter.populate(text="".join(sorted(set(text))))
    subsetter.subset(font)
    buffer = BytesIO()
    save_font(font, buffer, options)
    data = base64.b64encode(buffer.getvalue()).decode()
    source = f'url("data:font/woff;base64,{data}") format("woff")'
    return f'@font-face {{ font-family: "{FONT}"; src: {source}; }}'
