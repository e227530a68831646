"""The explorer: what can be chosen, the figures shown, refusals; and the page in a real browser."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from small_study import STUDY, write_study
from small_study import request as sweep_request
from typer.testing import CliRunner

from scenarios import api
from scenarios.commands.app import app
from scenarios.definition.policy import FundPolicy, Trend
from scenarios.errors import InputError
from scenarios.explorer.choices import narrowed
from scenarios.explorer.names import address_name, value_name
from scenarios.explorer.numbers import html_table, main_figures
from scenarios.explorer.page import drawn, free_port
from scenarios.explorer.results import read_results
from scenarios.rulebook.rules_file import CITIES
from scenarios.runs.facts import wilson
from scenarios.sweeps.sweep import sweep
from sim.model import FUNDS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ROWS = [{"rules": r, "months": m, "number": n} for n, (r, m) in enumerate([("a", 3), ("a", 6), ("b", 3)])]


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    write_study(
        folder, STUDY.replace('"unfunded"]', '"unfunded", "outlay:county_treasury", "outlay:city_treasury"]')
    )
    sweep(sweep_request(folder), lambda *_: None)
    return folder / "out"


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compared")
    api.compare(["taizhou", "taizhou@rules=linyi"], paths=128, years=3, seed=1, out=folder)
    return folder


def test_a_choice_narrows_the_next() -> None:
    choices, row = narrowed(ROWS, ["rules", "months"], {"rules": "a", "months": 6})
    assert [(c.options, c.value) for c in choices] == [(["a", "b"], "a"), ([3, 6], 6)]
    assert row == ROWS[1]


def test_what_cannot_be_chosen_falls_to_the_first_that_can() -> None:
    choices, row = narrowed(ROWS, ["rules", "months"], {"rules": "b", "months": 6})
    assert choices[1].options == [3] and row == ROWS[2]
    assert narrowed(ROWS, ["rules", "months"], {})[1] == ROWS[0]


def test_every_scenario_of_a_sweep_can_be_chosen(swept: Path) -> None:
    results = read_results(swept)
    assert results.varied == ["policy.employee.reserve_months", "rules", "volatility_factor"]
    chosen = [narrowed(results.rows, results.varied, row)[1]["scenario"] for row in results.rows]
    assert chosen == [row["scenario"] for row in results.rows] and len(set(chosen)) == 12


def test_figures_are_those_of_the_parquet_files(swept: Path) -> None:
    results = read_results(swept)
    table = pd.read_parquet(swept / "metrics.parquet")
    for row in results.rows[::5]:
        shown = results.read(row["scenario"])
        found = {(r.metric, r.statistic): r.cells for r in main_figures(shown)}
        stored = table[
            (table.scenario == row["scenario"]) & (table.county == "*") & (table.year == table.year.max())
        ].set_index(["metric", "statistic", "fund"])["value"]
        for n, fund in enumerate(("employee", "resident")):
            p = stored["event:reserve_depletion", "probability", fund]
            low, high = wilson(p, 64)
            assert found["event:reserve_depletion", "probability"][n] == f"{p:.2%} [{low:.2%}–{high:.2%}]"
            assert found["months_of_capacity", "p50"][n] == f"{stored['months_of_capacity', 'p50', fund]:.1f}"
        assert str(row["policy.employee.reserve_months"]) in shown.facts["titles"]["zh"]
        assert (shown.facts["paths"], shown.facts["constructed"]) == (64, True)


def test_a_comparison_and_its_bill(compared: Path) -> None:
    results = read_results(compared)
    assert [row["scenario"] for row in results.rows] == ["taizhou", "taizhou@rules=linyi"]
    metrics = pd.read_parquet(compared / "metrics.parquet")
    metric = "outlay:county_treasury:discounted"
    for row in results.rows:
        shown = results.read(row["scenario"])
        rows = {(r.metric, r.statistic): r.cells for r in main_figures(shown)}
        stored = metrics[
            (metrics.scenario == row["scenario"])
            & (metrics.county == "*")
            & (metrics.metric == metric)
            & (metrics.statistic == "mean")
        ].set_index("fund")["value"]
        for n, fund in enumerate(("employee", "resident")):
            shown_yuan = float(rows[metric, "mean"][n].split(" ")[0].replace(",", "")) * 1e8
            assert shown_yuan == pytest.approx(stored[fund], rel=0.01, abs=1e5)
    assert "整个模拟期折现" in html_table(main_figures(shown), ["employee", "resident"], "zh")


def test_the_bill_has_every_line_that_a_treasury_pays(compared: Path) -> None:
    rows = main_figures(read_results(compared).read("taizhou"))
    bill = {row.metric: row.cells for row in rows if row.statistic == "mean" and row.year is None}
    for line in ("opening_deficits", "arrears", "runoff"):
        assert all(bill[f"outlay:{line}:discounted"]), line
    assert bill["outlay:runoff:discounted"] != ["0", "0"]


def test_names_in_both_languages() -> None:
    assert address_name("rules", "zh") == "规则" and address_name("policy.x", "zh") == "policy.x"
    assert address_name("readings.T5", "en").startswith("T5: ")
    assert value_name("base", "linyi", "zh") == "临沂" and value_name("base", "mine", "zh") == "mine"
    assert value_name("readings.T5", "after_pool", "en") != "after_pool"
    assert value_name("volatility_factor", 1.5, "en") == "1.5" and value_name("number", 0, "en") == "1"
    assert value_name("rules", None, "zh") == "与基准相同"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_lever_has_a_name(lang: Any) -> None:
    sections = {"policy": FundPolicy.model_fields, "trend": Trend.model_fields}
    levers = [(section, key) for section, keys in sections.items() for key in keys]
    names = [address_name(f"{section}.{fund}.{key}", lang) for section, key in levers for fund in FUNDS]
    assert len(set(names)) == 2 * len(levers) and not any("." in name for name in names)
    assert address_name("policy.employee.claims.value", lang) in names
    unnamed = "policy.employee.claims.phase_in_years"
    assert address_name(unnamed, lang) == unnamed


def test_refusals(swept: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected the directory of a finished run"):
        read_results(tmp_path / "none")
    with pytest.raises(InputError, match=r"manifest\.json or study\.json, found neither"):
        read_results(tmp_path)
    copy = tmp_path / "copy"
    shutil.copytree(swept, copy)
    (copy / "unfinished.sqlite").touch()
    with pytest.raises(InputError, match="not finished"):
        read_results(copy)
    (copy / "unfinished.sqlite").unlink()
    part = copy / "metrics.parquet" / "part-00000.parquet"
    whole = bytearray(part.read_bytes())
    whole[len(whole) // 2] ^= 1
    part.write_bytes(whole)
    results = read_results(copy)
    with pytest.raises(InputError, match=r"metrics\.parquet: damaged"):
        for row in results.rows:
            results.read(row["scenario"])
    part.unlink()
    with pytest.raises(InputError, match="not finished"):
        read_results(copy)
    part.touch()
    (copy / "scenarios.parquet").write_bytes(b"x")
    with pytest.raises(InputError, match=r"scenarios\.parquet: damaged"):
        read_results(copy)
    study = json.loads((copy / "study.json").read_text("utf-8"))
    shutil.copy(swept / "scenarios.parquet", copy)
    (copy / "study.json").write_text(json.dumps(study | {"bases": None}), "utf-8")
    with pytest.raises(InputError, match=r"study\.json: expected a study"):
        read_results(copy)
    (copy / "study.json").write_text("{}", "utf-8")
    with pytest.raises(InputError, match=r"study\.json: damaged"):
        read_results(copy)


def test_a_number_among_tables_is_read_as_a_number(tmp_path: Path) -> None:
    study = """extends = "base.toml"
levers.policy.employee.claims = [1.05, { value = 1.1, phase_in_years = 2 }]
levers.rules = ["taizhou", "linyi"]
"""
    write_study(tmp_path, study)
    results = read_results(sweep(sweep_request(tmp_path)).out)
    titles = [results.read(row["scenario"]).facts["titles"]["en"] for row in results.rows]
    assert len(titles) == 4 and "policy.employee.claims=1.05," in titles[0] and "1.1" in titles[2]


def test_no_picture_without_the_burden_or_without_a_year(compared: Path, swept: Path) -> None:
    whole = read_results(compared).read("taizhou")
    assert drawn(lambda _: whole, "en")("taizhou")[0].startswith(b"\x89PNG")
    some = whole._replace(kept={"months_of_capacity", "event:reserve_depletion", "outlay:city_treasury"})
    png, text, _ = drawn(lambda _: some, "en")("taizhou")
    assert png == b"" and "did not keep outlay:county_treasury (" in text and "Reserves depleted" in text
    years = whole._replace(table=whole.table[whole.table["year"] != 2026])
    png, text, _ = drawn(lambda _: years, "zh")("taizhou")
    assert png == b"" and "研究未保留全部年份" in text
    study = read_results(swept)
    png, text, _ = drawn(study.read, "en")(study.rows[0]["scenario"])
    assert png and "not in the burden: adjustment:claims, adjustment:contributions." in text


def test_a_busy_port_is_refused() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        busy = other.getsockname()[1]
        with pytest.raises(InputError, match=f"--port: {busy}: expected a free port"):
            free_port(busy)
    with pytest.raises(InputError, match="expected a free port"):
        free_port(99_999)
    assert free_port(0) > 0


def test_a_missing_extra_is_named(compared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "panel", None)
    done = CliRunner().invoke(app, ["explore", str(compared), "--no-browser"])
    assert isinstance(done.exception, InputError)
    assert "pip install '.[explorer]'" in str(done.exception)


# --- the page -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address(swept: Path) -> Iterator[str]:
    """The address of the page, served by the command; Ctrl-C must end it, with status 0 and no traceback."""
    command = [sys.executable, "-m", "scenarios", "explore", str(swept), "--no-browser", "--lang", "zh"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        assert re.match(r"http://127\.0\.0\.1:\d+/ ", line), line
        yield line.split()[0]
    finally:
        server.send_signal(signal.SIGINT)
        _, said = server.communicate(timeout=20)
    assert (server.returncode, said) == (0, "")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.mark.slow
def test_another_choice_shows_other_figures_and_another_picture(
    browser: Any, address: str, swept: Path
) -> None:
    from playwright.sync_api import expect

    page = browser.new_page()
    page.set_default_timeout(60_000)
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda said: complaints.extend([said.text] * (said.type in ("error", "warning"))))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    page.wait_for_selector("tbody tr")
    results = read_results(swept)

    def expected(row: dict[str, Any]) -> str:
        shown = results.read(row["scenario"])
        return main_figures(shown)[0].cells[0]

    def shown(row: dict[str, Any]) -> bytes:
        page.wait_for_function(
            "title => [...document.querySelectorAll('*')].some(function find(e) {"
            " return e.shadowRoot && [...e.shadowRoot.querySelectorAll('*')].some("
            "x => (x.tagName == 'IMG' && x.alt == title) || find(x)) })",
            arg=results.read(row["scenario"]).facts["titles"]["zh"],
        )
        expect(page.locator("tbody tr td").first).to_have_text(expected(row), timeout=60_000)
        return page.locator("img").first.get_attribute("src")

    def with_values(**values: Any) -> dict[str, Any]:
        return next(row for row in results.rows if values.items() <= row.items())

    assert page.locator("select").count() == 3 and "规则" in page.locator("label").all_inner_texts()
    months = results.rows[0]["policy.employee.reserve_months"]
    at = {"policy.employee.reserve_months": months}
    pictures = [shown(results.rows[0])]
    page.locator("select").nth(1).select_option(label=value_name("rules", "full-pooling", "zh"))
    pictures.append(shown(with_values(rules="full-pooling", volatility_factor=1, **at)))
    page.locator("select").nth(2).select_option(label="2")
    pictures.append(shown(with_values(rules="full-pooling", volatility_factor=2, **at)))
    assert len(set(pictures)) == 3
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
    assert complaints == []


def test_a_sweep_of_one_s_own_rules_is_shown_wherever_its_folder_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = write_study(tmp_path, STUDY.replace('"taizhou", "full-pooling"', '"own.toml", "taizhou"'))
    (tmp_path / "city.toml").write_bytes((CITIES / "taizhou.toml").read_bytes())
    (tmp_path / "own.toml").write_bytes((CITIES / "linyi.toml").read_bytes())
    study.write_text(f'city = "city.toml"\n{study.read_text("utf-8")}', "utf-8")
    sweep(sweep_request(tmp_path), lambda *_: None)
    moved = (tmp_path / "out").rename(tmp_path / "moved")
    for name in ("own.toml", "city.toml"):
        (tmp_path / name).unlink()
    monkeypatch.chdir(moved)
    results = read_results(moved)
    shown = {row["rules"]: results.read(row["scenario"]).facts["titles"]["en"] for row in results.rows}
    assert "rules: Linyi" in shown["own.toml"] and "Linyi" not in shown["taizhou"]


@pytest.mark.slow
def test_the_page_is_in_its_language_and_font_and_fits_a_narrow_screen(browser: Any, address: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page(viewport={"width": 380, "height": 800})
    page.set_default_timeout(60_000)
    page.goto(address)
    page.wait_for_selector("tbody tr")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    assert page.title() == page.locator("h1").inner_text() == "fundsim：已存结果"
    assert (
        page.evaluate("document.fonts.load('16px \"Fundsim Sans SC\"', '基金').then(all => all.length)") == 1
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
    assert page.locator("img").first.bounding_box()["width"] > 300
    assert [each["id"] for each in Axe().run(page).response["violations"]] == []
