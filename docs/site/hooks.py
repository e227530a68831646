"""What the site adds to ``docs/``: pages from elsewhere in the repository, references, and two languages.

Sources keep links that work in the repository; those that leave ``docs/`` are turned to the site's copies.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).parent))
import reference

ROOT = Path(__file__).parents[2]
COPIES = {
    "README.md": "index.md",
    "README.zh.md": "index.zh.md",
    "ARCHITECTURE.md": "architecture.md",
    "scenarios/data/README.md": "data.md",
    "LICENSE": "LICENSE.txt",
    "notebooks/07-how-we-know-it-is-right.ipynb": "notebooks/07-how-we-know-it-is-right.ipynb",
}
"""Files outside docs/ -> their place on the site."""
ONLY_ENGLISH = {
    "architecture.md": "本页写给开发者，只有英文。",
    "data.md": "本页说明各表来源，只有英文；基准情形的构造见[中文说明](base-cases.zh.md)。",
    "commands.md": "本页由程序的帮助文字生成，只有英文；中文说明见[命令与文件](formats.zh.md)。",
    "reference.md": "本页由程序中的英文说明生成；中文说明见[在Python中使用](python.zh.md)。",
}
"""Pages without a Chinese counterpart, and why."""
LINK = re.compile(r"(\]\()([^)#\s]+)(#[^)\s]*)?\)")
log = logging.getLogger("mkdocs.hooks")


def counterpart(uri: str) -> str:
    """The same page in the other language."""
    return (
        uri.removesuffix(".zh.md") + ".md" if uri.endswith(".zh.md") else uri.removesuffix(".md") + ".zh.md"
    )


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the copies and the generated references; say which page lacks the other language."""
    for source, uri in COPIES.items():
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / source)))
    files.append(File.generated(config, "commands.md", content=reference.commands()))
    files.append(File.generated(config, "reference.md", content=reference.python()))
    for file in files.documentation_pages():
        if files.get_file_from_path(counterpart(file.src_uri)) is None and file.src_uri not in ONLY_ENGLISH:
            log.warning("%s has no counterpart in the other language", file.src_uri)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links as the site needs them; the reason at the top of a page that is in English alone."""
    uri = page.file.src_uri
    source = next((path for path, copy in COPIES.items() if copy == uri), f"docs/{uri}")
    if uri in ONLY_ENGLISH:
        title, newline, rest = markdown.partition("\n")
        markdown = f"{title}{newline}\n*{ONLY_ENGLISH[uri]}*\n{rest}"
        if source not in COPIES:
            return markdown
    return LINK.sub(lambda link: link[1] + site_link(link[2], source) + (link[3] or "") + ")", markdown)


def site_link(target: str, source: str) -> str:
    """Where a link of a repository file leads on the site; unchanged where it is an address."""
    if ":" in target:
        return target
    path = os.path.normpath(PurePosixPath(source).parent / target)
    if path in COPIES:
        return COPIES[path]
    return path.removeprefix("docs/") if path.startswith("docs/") else target


def on_page_context(context: dict[str, Any], page: Page, config: MkDocsConfig, nav: object) -> dict[str, Any]:
    """The theme's words in the page's language, and the way to the same page in the other one."""
    chinese = page.file.src_uri.endswith(".zh.md")
    config.theme["language"] = "zh" if chinese else "en"
    other = counterpart(page.file.src_uri)
    english, zh = (other, page.file.src_uri) if chinese else (page.file.src_uri, other)
    if page.file.src_uri in ONLY_ENGLISH:
        zh = "index.zh.md"
    config.extra["alternate"] = [
        {"name": "English", "link": english.removesuffix(".md") + ".html", "lang": "en"},
        {"name": "中文", "link": zh.removesuffix(".md") + ".html", "lang": "zh"},
    ]
    return context
