"""The documentation site: built without a warning, every link leads somewhere, nothing comes from outside."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[1]
ADDRESS = re.compile(r"https?://[^\s\"'<>)]+")


class Page(HTMLParser):
    """What a page links to, what it fetches, and its anchors."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.anchors: set[str] = set()
        self.language = ""
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if tag == "html":
            self.language = found["lang"]
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag == "link" and found.get("rel") not in ("prev", "next", "alternate", "canonical"):
            self.fetched.append(found["href"])
        elif "src" in found:
            self.fetched.append(found["src"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", "docs/site/mkdocs.yml", "-d", out]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    assert "WARNING" not in built.stderr
    return out


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    return {path.relative_to(site).as_posix(): Page(path) for path in site.rglob("*.html")}


def test_every_link_and_anchor_leads_somewhere(site: Path, pages: dict[str, Page]) -> None:
    broken = []
    for name, page in pages.items():
        for link in (*page.links, *page.fetched):
            at = urlsplit(link)
            if at.scheme or at.netloc or name == "404.html":  # a server's page, whose links are absolute
                continue
            target = (site / name).parent / unquote(at.path) if at.path else site / name
            there = os.path.relpath(os.path.normpath(target), site).replace(os.sep, "/")
            anchor = unquote(at.fragment)
            if not (site / there).exists() or (
                anchor and there in pages and anchor not in pages[there].anchors
            ):
                broken.append((name, link))
    assert broken == []
    assert sum(len(page.links) for page in pages.values()) > 500


def test_nothing_is_fetched_from_outside(site: Path, pages: dict[str, Page]) -> None:
    fetched = {at for page in pages.values() for at in page.fetched}
    assert fetched and [at for at in fetched if urlsplit(at).netloc] == []
    for style in site.rglob("*.css"):
        assert re.findall(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//", style.read_text("utf-8")) == []


def test_every_page_is_there_in_both_languages_or_says_why_not(site: Path, pages: dict[str, Page]) -> None:
    english = {name for name in pages if not name.endswith(".zh.html")} - {"404.html"}
    assert len(english) > 12
    alone = set()
    for name in sorted(english):
        chinese = name.removesuffix(".html") + ".zh.html"
        assert pages[name].language == "en"
        if chinese in pages:
            assert pages[chinese].language == "zh"
            assert {name, chinese} <= {*pages[name].links} & {*pages[chinese].links}
        else:
            alone.add(name)
            assert re.search("本页[^<]*英文", (site / name).read_text("utf-8")), name
    assert alone == {"architecture.html", "commands.html", "data.html", "reference.html"}


def test_search_finds_words_of_both_languages(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    assert index["config"]["lang"] == ["en", "zh"]
    words = {word for doc in index["docs"] for word in re.split(r"[\s\u200b]+", doc["text"])}
    assert {"waterfall", "清算", "参保", "县级"} <= words


def test_references_hold_every_command_and_public_name(site: Path) -> None:
    from typer.main import get_command

    from scenarios import api
    from scenarios.commands.app import app

    anchors = {name: Page(site / name).anchors for name in ("commands.html", "reference.html")}
    assert {f"fundsim-{name}" for name in get_command(app).commands} <= anchors["commands.html"]
    assert {name.lower() for name in api.__all__} <= anchors["reference.html"]


def test_links_of_the_sources_lead_somewhere_in_the_repository() -> None:
    broken = []
    for source in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")):
        prose = re.sub(r"```.*?```", "", source.read_text("utf-8"), flags=re.DOTALL)
        for link in re.findall(r"\]\(([^)\s]+)\)", prose):
            if not ADDRESS.match(link) and not (source.parent / link.partition("#")[0]).exists():
                broken.append((source.name, link))
    assert broken == []
