"""``fundsim report``: the directory of a run or comparison as one HTML file that needs nothing else.

The notebook ``reports/report.ipynb`` is executed on the directory (papermill); its outputs, without its code,
are set into the page ``reports/page/index.html.j2`` (nbconvert).  Pictures are inside as SVG, and so is the
part of the Chinese font that the page uses.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.errors import InputError
from scenarios.labels import Lang
from scenarios.report_words import phrase
from scenarios.stored import read_stored

if TYPE_CHECKING:
    from nbformat import NotebookNode

FOLDER = Path(__file__).parent / "reports"
NOTEBOOK = FOLDER / "report.ipynb"
EXTRA = "fundsim[report]"


def report(directory: Path, out: Path, lang: Lang = "en") -> Path:
    """Writes the report; InputError where the directory holds no results, or the extra is not installed."""
    stored = read_stored(directory)
    if out.suffix.lower() not in (".html", ".htm"):
        raise InputError(out, "--out", "expected the name of an HTML file, such as report.html")
    if out.is_dir() or not out.absolute().parent.is_dir():
        raise InputError(out, "--out", "expected a file in a directory that exists")
    titles = [facts["titles"][lang] for facts in stored.facts]
    notebook = executed(directory, lang)
    page = as_page(notebook, lang, " / ".join(dict.fromkeys(titles)))
    temporary = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        temporary.write_text(page, "utf-8")
        os.replace(temporary, out)
    finally:
        temporary.unlink(missing_ok=True)
    return out


def executed(directory: Path, lang: Lang) -> NotebookNode:
    """The report's notebook, run on a directory."""
    try:
        from papermill import execute_notebook
    except ImportError as error:
        raise InputError("fundsim report", "", f"needs {EXTRA}: pip install '{EXTRA}' ({error})") from None
    given = {"directory": str(directory.absolute()), "lang": lang}
    options = {"progress_bar": False, "log_output": False, "kernel_name": "python3"}
    return execute_notebook(str(NOTEBOOK), None, given, **options)


def as_page(notebook: NotebookNode, lang: Lang, title: str) -> str:
    """The notebook's HTML outputs as a page of their own."""
    from nbconvert.exporters import TemplateExporter

    exporter: Any = TemplateExporter(extra_template_basedirs=[str(FOLDER)], template_name="page")
    exporter.template_file = "index.html.j2"
    resources = {
        "lang": "zh-CN" if lang == "zh" else "en",
        "title": title,
        "words": {key: phrase(key, lang) for key in ("report", "contents", "skip", "copied")},
        "font": "",
    }
    body, _ = exporter.from_notebook_node(notebook, resources)
    return str(body).replace("/*font*/", font_face(body), 1)


def font_face(text: str) -> str:
    """A style rule with the part of the Chinese font that ``text`` uses, as WOFF; nothing without Chinese.

    A bare machine has no Chinese font, and the page asks for nothing from outside.
    """
    from io import BytesIO

    from fontTools.subset import Options, Subsetter, load_font, save_font
    from pylopdf_fonts_zh_cn import sans_path

    used = sorted({char for char in text if ord(char) > 0x2000})
    if not used:
        return ""
    options = Options(flavor="woff", layout_features=["kern"], hinting=False, notdef_outline=True)
    font = load_font(str(sans_path()), options)
    subsetter = Subsetter(options)
    subsetter.populate(text="".join(used))
    subsetter.subset(font)
    buffer = BytesIO()
    save_font(font, buffer, options)
    data = base64.b64encode(buffer.getvalue()).decode()
    source = f'url("data:font/woff;base64,{data}") format("woff")'
    return f'@font-face {{ font-family: "Fundsim Sans SC"; src: {source}; }}'
