"""The report in a browser: what a reader finds, what it asks for, whether it can be sorted, copied, read."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scenarios import api
from scenarios.reports.report import _with_this_program

CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
SECTIONS = ("summary", "results", "rules", "assumptions", "reproduce")


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run of Ziyang."""
    folder = tmp_path_factory.mktemp("run")
    api.run("ziyang", paths=128, years=3, seed=5, out=folder)
    return folder


def test_the_notebook_s_python_has_this_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment has installed; and no folder of the user's as the notebook would see it."""
    program, here = str(Path(api.__file__).parents[1]), os.getcwd()
    for given, more in ((None, []), ("", []), (":", []), (".:/other", [here, "/other"])):
        monkeypatch.delenv("PYTHONPATH", raising=False)
        if given is not None:
            monkeypatch.setenv("PYTHONPATH", given)
        assert _with_this_program().split(os.pathsep) == [program, *more]


@pytest.fixture(scope="module")
def command(stored: Path) -> subprocess.CompletedProcess[str]:
    """The command as a user runs it, in a folder whose files have the names of modules."""
    here = stored.parent / "elsewhere"
    here.mkdir(exist_ok=True)
    (here / "scenarios.py").write_text("raise SystemExit('not this one')")
    out = stored.parent / "page.html"
    call = [sys.executable, "-P", "-m", "scenarios", "report", str(stored), "--out", str(out), "--lang", "zh"]
    source = str(Path(api.__file__).parents[1])
    done = subprocess.run(
        call, cwd=here, env=os.environ | {"PYTHONPATH": source}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def page_file(command: subprocess.CompletedProcess[str]) -> Path:
    """The page that it wrote."""
    return Path(command.stdout.strip())


@pytest.fixture(scope="module")
def opened(page_file: Path) -> Iterator[tuple[Any, list[str]]]:
    """The page in Chromium, and every complaint and every request for another file."""
    from playwright.sync_api import sync_playwright

    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url))
        page.goto(page_file.as_uri())
        yield page, complaints
        browser.close()


def test_the_terminal_shows_the_page_s_path_alone(command: subprocess.CompletedProcess[str]) -> None:
    assert command.stdout == f"{command.args[5] and Path(command.args[5]).parent / 'page.html'}\n"
    assert command.stderr == ""


def test_one_small_file_with_nothing_from_outside(page_file: Path) -> None:
    text = page_file.read_text("utf-8")
    assert page_file.stat().st_size < 5e6
    assert not re.search(r'(?:src|href)="(?!#|data:)', text)
    assert not re.search(r"@import|url\((?!#|&quot;#|\"data:)", text)
    assert [path.name for path in page_file.parent.glob(".page*")] == []


def test_pictures_spend_no_bytes_on_what_cannot_be_seen(page_file: Path) -> None:
    paths = re.findall(r'<path [^>]*?d="([^"]+)"', page_file.read_text("utf-8"))
    assert len(paths) > 100
    assert not any(re.search(r"\.\d{3}|\n", each) for each in paths)


@needs_browser
def test_no_complaint_and_no_request(opened: tuple[Any, list[str]], page_file: Path) -> None:
    page, complaints = opened
    page.wait_for_load_state("networkidle")
    assert [each for each in complaints if not each.startswith(("data:", page_file.as_uri()))] == []


@needs_browser
def test_sections_pictures_and_tables_are_there(opened: tuple[Any, list[str]], stored: Path) -> None:
    page, _ = opened
    assert page.eval_on_selector_all("main > section", "all => all.map(each => each.id)") == list(SECTIONS)
    assert page.eval_on_selector_all("nav a", "all => all.map(a => a.hash)") == [f"#{id}" for id in SECTIONS]
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    assert page.locator(".notice").is_visible()
    drawn = page.locator("figure svg[role=img]")
    assert drawn.count() == 7
    for i in range(drawn.count()):
        assert drawn.nth(i).bounding_box()["height"] > 200
        assert len(drawn.nth(i).get_attribute("aria-label")) > 60
    rules = page.locator("#rules tbody tr")
    assert rules.count() == len(api.explain("ziyang"))


@needs_browser
def test_the_tables_of_a_picture_stand_behind_it(opened: tuple[Any, list[str]]) -> None:
    page, _ = opened
    order = page.eval_on_selector_all("#results > *", "all => all.map(each => each.id || each.tagName)")
    after = {table: order[: order.index(table)].count("FIGURE") for table in order if "_" in table}
    assert after == {
        **{f"who_pays_{fund}": 2 for fund in ("employee", "resident")},
        **{f"by_year_{fund}": 3 for fund in ("employee", "resident")},
        "counties_employee": 4,
        "counties_resident": 5,
    }


@needs_browser
def test_the_page_has_its_own_font_for_every_character(opened: tuple[Any, list[str]]) -> None:
    page, _ = opened
    assert page.evaluate("document.fonts.size") == 1
    assert page.evaluate("document.fonts.check('16px \"Fundsim Sans SC\"', '基金0123')")


@needs_browser
def test_a_heading_sorts_by_number_with_mouse_and_keyboard(opened: tuple[Any, list[str]]) -> None:
    page, _ = opened
    table = page.locator("#counties_employee")
    before = _column(table, 2)
    heading = table.locator("thead th").nth(1)
    heading.locator("[role=button]").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    assert _column(table, 2) == sorted(before)
    heading.locator("[role=button]").focus()
    page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "descending"
    assert _column(table, 2) == sorted(before, reverse=True)


def _column(table: Any, place: int) -> list[float]:
    return [
        float(x)
        for x in table.locator(f"tbody tr > :nth-child({place})").evaluate_all(
            "cells => cells.map(cell => cell.dataset.number)"
        )
    ]


@needs_browser
def test_a_copied_table_pastes_into_a_sheet(opened: tuple[Any, list[str]], stored: Path) -> None:
    page, _ = opened
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#by_year_employee .copy").click()
    page.wait_for_function("document.getElementById('said').textContent !== ''")
    lines = [line.split("\t") for line in page.evaluate("navigator.clipboard.readText()").splitlines()]
    frame = api.tables(stored, lang="zh")["by_year_employee"]
    assert [row[0] for row in lines[1:]] == [str(year) for year in frame.iloc[:, 0]]
    assert len({len(row) for row in lines}) == 1


@needs_browser
def test_axe_finds_nothing_serious(opened: tuple[Any, list[str]]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page, _ = opened
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"][:120]) for each in found] == []


@needs_browser
def test_it_prints_on_pages_of_a4(opened: tuple[Any, list[str]], tmp_path: Path) -> None:
    page, _ = opened
    pdf = page.pdf(prefer_css_page_size=True)
    boxes = {tuple(map(float, box.split()[2:])) for box in re.findall(rb"/MediaBox \[([^\]]+)\]", pdf)}
    assert {(round(width), round(height)) for width, height in boxes} == {(595, 842)}
    assert 5 < len(re.findall(rb"/Type /Page\b", pdf)) < 25
