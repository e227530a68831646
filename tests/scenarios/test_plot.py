"""The fan chart: what is drawn, that Chinese has its glyphs, and that files are whole and reproducible.

Warnings are errors here, so a missing glyph fails the drawing.
"""

from __future__ import annotations

import os
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from made_up import BASE, make_facts, make_metrics
from matplotlib import font_manager, image
from pylopdf_fonts_zh_cn import sans_path

from scenarios.labels import _LABELS, label, wrap
from scenarios.pictures import fonts
from scenarios.pictures.plot import fan_chart, fan_figure
from scenarios.runs.facts import COUNTED
from sim.kernels.tally import MONTHS_BINS, MONTHS_ORIGIN, MONTHS_PER_UNIT


@pytest.fixture(scope="module")
def metrics():
    return make_metrics(years=12, paths=400)


@pytest.fixture
def facts():
    return make_facts(years=12, paths=400)


pytestmark = pytest.mark.usefixtures("picture_style")


def value(metrics, metric, statistic, year, fund="employee"):
    rows = metrics[(metrics["metric"] == metric) & (metrics["statistic"] == statistic)]
    rows = rows[(rows["fund"] == fund) & (rows["county"] == "*") & (rows["year"] == year)]
    return float(rows["value"].iloc[0])


def words_of(figure):
    texts = [
        *figure.texts,
        *(text for axes in figure.axes for text in (axes.title, axes._left_title, *axes.texts)),
    ]
    legends = [text for legend in figure.legends for text in legend.get_texts()]
    return "\n".join(text.get_text() for text in (*texts, *legends))


def test_the_font_is_registered_once_and_chosen():
    fonts.use_fonts()
    entries = [entry for entry in font_manager.fontManager.ttflist if entry.fname == str(sans_path())]
    assert len(entries) == 1
    assert matplotlib.rcParams["font.family"] == ["Noto Sans SC", "DejaVu Sans"]
    assert matplotlib.rcParams["pdf.fonttype"] == 42


def test_every_label_has_its_glyphs():
    from matplotlib.figure import Figure

    figure = Figure()
    for english, chinese in _LABELS.values():
        figure.text(0, 0, english + chinese)
    figure.draw_without_rendering()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_saves_a_picture_in_both_formats(metrics, facts, lang, tmp_path):
    png, svg = fan_chart(metrics, tmp_path / "fan.v1", facts, lang=lang)
    assert sorted(os.listdir(tmp_path)) == ["fan.v1.png", "fan.v1.svg"]
    pixels = image.imread(png)
    assert min(pixels.shape[:2]) > 1000
    assert np.std(pixels[..., :3]) > 0.05
    tree = ElementTree.parse(svg)
    names = [element.tag.split("}")[-1] for element in tree.iter()]
    assert names.count("path") > 100
    assert "text" not in names
    assert "date" not in names


def test_the_svg_is_the_same_bytes_again(metrics, facts, tmp_path):
    first, second = (fan_chart(metrics, tmp_path / name, facts)[1].read_bytes() for name in "ab")
    assert first == second


def test_a_failed_save_leaves_what_was_there(metrics, facts, tmp_path, monkeypatch):
    (tmp_path / "fan.png").write_text("before")

    def refuse(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        fan_chart(metrics, tmp_path / "fan", facts)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]


def test_settings_outside_are_left_alone(metrics, facts, tmp_path):
    matplotlib.rcParams["font.size"] = 21
    fan_chart(metrics, tmp_path / "fan", facts)
    assert matplotlib.rcParams["font.size"] == 21


def ends(bars) -> list[tuple[float, float]]:
    """Foot and top of each bar, of those that rise."""
    heights = [path.vertices[:, 1] for path in bars.get_paths()]
    return [(float(y.min()), float(y.max())) for y in heights]


def test_draws_the_figures_of_the_table(metrics, facts):
    figure = fan_figure(metrics, facts, "en")
    fan, _, depletion, _, burden, _ = figure.axes
    median = next(line for line in fan.lines if line.get_label() == "Median")
    assert median.get_ydata()[-1] == value(metrics, "months_of_capacity", "p50", 2033)
    chance = depletion.lines[0].get_ydata()[-1]
    assert chance == pytest.approx(100 * value(metrics, "event:reserve_depletion", "probability", 2033))
    county, city = (ends(bars)[-1] for bars in burden.collections)
    for (low, high), payer in ((county, "county_treasury"), (city, "city_treasury")):
        mean = value(metrics, f"outlay:{payer}", "mean", 2033)
        assert high - low == pytest.approx(100 * mean / BASE["employee"])
    assert county[0] == 0 and city[0] == county[1]


def test_says_what_it_rests_on(metrics, facts):
    words = words_of(fan_figure(metrics, facts, "en"))
    for needed in ("Constructed base case", "No policy response", "same year's claims", "not norms", "3 mo."):
        assert needed in words
    facts |= {
        "constructed": False,
        "response": (0.2, 0.2),
        "denominator": "previous_year",
        "notes": {"en": ["A note"], "zh": ["A note"]},
    }
    words = words_of(fan_figure(metrics, facts, "en"))
    for needed in ("previous year's claims", "A note"):
        assert needed in words
    for absent in ("Constructed", "No policy response"):
        assert absent not in words


def test_the_unfunded_bill_is_a_range_where_shares_are_delegated():
    metrics = make_metrics(funds=("employee",), years=6, paths=200, delegated=True, drift=(-0.03,))
    own = {"years": 6, "base_claims_yuan": {"employee": BASE["employee"]}}
    figure = fan_figure(metrics, make_facts(**own, delegated_sharing={"employee": True}), "zh")
    assert "全由市 … 全由县" in words_of(figure)
    bars = next(bars for bars in figure.axes[2].collections if "无来源缺口" in bars.get_label())
    stock = 100 * value(metrics, "unfunded", "mean", 2027) / BASE["employee"]
    assert sum(high - low for low, high in ends(bars)) == pytest.approx(stock)
    assert "全由市" not in words_of(fan_figure(metrics, make_facts(**own), "zh"))


@pytest.mark.parametrize(("lang", "said"), [("en", "Dotted: 1, 3, 6 months"), ("zh", "点线为1、3、6个月")])
def test_the_note_on_marks_names_their_lines_not_the_mean_s(metrics, facts, lang, said):
    figure = fan_figure(metrics, facts, lang)
    assert said in words_of(figure)
    lines = figure.axes[0].lines
    mean = next(line for line in lines if line.get_label() == label("mean", lang))
    marks = [line for line in lines if list(line.get_ydata()) in ([1, 1], [3, 3], [6, 6])]
    assert len(marks) == 3
    assert all(line._dash_pattern[1][0] < line._dash_pattern[1][1] for line in marks)
    assert mean._dash_pattern[1][0] > mean._dash_pattern[1][1]


def test_a_fan_too_wide_is_cut_and_says_so(metrics, facts):
    wide = metrics.copy()
    wide.loc[(wide["metric"] == "months_of_capacity") & (wide["statistic"] == "p99"), "value"] = 200.0
    figure = fan_figure(wide, facts, "en")
    low, high = figure.axes[0].get_ylim()
    assert low < 0
    assert value(metrics, "months_of_capacity", "p95", 2033) < high < 100
    assert label("clipped", "en") in words_of(figure)


@pytest.mark.parametrize("years", [1, 2])
def test_short_horizons_are_drawn(years, tmp_path):
    assert fan_chart(
        make_metrics(years=years, paths=50), tmp_path / "fan", make_facts(years=years), lang="zh"
    )


def test_two_scenarios_are_refused(metrics, facts, tmp_path):
    both = metrics.copy()
    both.loc[both.index[:5], "scenario"] = "other"
    with pytest.raises(ValueError, match="one scenario at a time"):
        fan_chart(both, tmp_path / "fan", facts)


def test_wrap_keeps_words_and_stops_together():
    assert wrap("one two three", 9) == ["one two", "three"]
    assert wrap("四个字，再四个字。", 8) == ["四个字，", "再四个字。"]
    assert wrap("short", 80) == ["short"]
    assert wrap("可支付月数（月）", 12) == ["可支付月数", "（月）"]
    text = label("delegated", "zh", funds="职工医保")
    assert "".join(wrap(text, 30)) == text


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("funds", [("employee",), ("employee", "resident")])
def test_words_of_any_length_stay_inside_the_sheet(funds, lang):
    table = make_metrics(funds, 2025, 3, 400, False, (-0.05, -0.09)[: len(funds)])
    facts = make_facts(years=3, paths=400, base_claims_yuan={fund: BASE[fund] for fund in funds})
    title = {
        "en": "A city; rules: template Every county alone " * 2,
        "zh": "某市（适用规则：模板“各县自保”）" * 3,
    }
    figure = fan_figure(table, {**facts, "titles": title}, lang)
    figure.draw_without_rendering()
    for text in figure.texts:
        box = text.get_window_extent()
        assert 0 <= box.x0 and box.x1 <= figure.bbox.width, text.get_text()


def test_a_band_at_the_end_of_what_is_counted_is_explained(metrics, facts):
    low, high = COUNTED
    assert low == MONTHS_ORIGIN and high == pytest.approx(MONTHS_ORIGIN + MONTHS_BINS / MONTHS_PER_UNIT)
    words = label("counted", "en", low="−120", high="240")
    assert words not in words_of(fan_figure(metrics, facts, "en")).replace("\n", " ")
    months = metrics["metric"] == "months_of_capacity"
    for names, shown in ((["p99"], False), (["p95", "p99"], True)):  # the axis cuts p01-p99, never p05-p95
        at_end = months & metrics["statistic"].isin(names)
        capped = metrics.assign(value=metrics["value"].mask(at_end, high))
        said = words_of(fan_figure(capped, facts, "en")).replace("\n", " ")
        assert (words in said) is shown
