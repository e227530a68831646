"""Pictures of stored results: the figures drawn are the table's, in both languages, at the edges too.

Warnings are errors here, so a missing glyph fails the drawing.
"""

from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd
import pytest
from made_up import BASE
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from pictured import (
    COUNTIES,
    FIRST,
    PATHS,
    YEARS,
    facts_of,
    make_run,
    make_table,
    value_of,
    words_of,
)
from scipy.stats import binomtest

from scenarios.pictures.captions import _CAPTIONS, caption
from scenarios.pictures.comparison import comparison_figure
from scenarios.pictures.counties import (
    counties_figure,
    county_sheets,
    has_counties,
    has_transfers,
    transfers_figure,
)
from scenarios.pictures.depletion import depletion_figure, depletion_year_figure
from scenarios.pictures.payers import EVERYBODY, payers_figure
from scenarios.pictures.runs import run_of
from scenarios.pictures.sensitivity import readings_figure, tornado_figure
from scenarios.pictures.sheet import measure
from scenarios.runs.compare_summary import agresti_min
from scenarios.runs.facts import Z95

METRICS = ("event:reserve_depletion", "outlay:county_treasury:discounted")


pytestmark = pytest.mark.usefixtures("picture_style")


@pytest.fixture(scope="module")
def made():
    return make_run()


def frame(**columns):
    """A row a fund, metric and name."""
    names = columns.pop("names")
    rows = [
        {
            "fund": fund,
            "metric": metric,
            **names[i],
            **{key: make(i, metric) for key, make in columns.items()},
        }
        for fund in BASE
        for metric in METRICS
        for i in range(len(names))
    ]
    return pd.DataFrame(rows)


def size(metric):
    return 0.1 if metric.startswith("event") else 1e9


TORNADO = frame(
    names=[{"parameter": name} for name in ("growth of claims", "人口老龄化", "volatility")],
    low=lambda i, m: size(m) * (1 - 0.1 * (i + 1)),
    high=lambda i, m: size(m) * (1 + 0.2 * (i + 1)),
    base=lambda i, m: size(m),
)
READINGS = frame(
    names=[{"reading": "T3", "value": "citywide"}, {"reading": "T5", "value": "after_pool"}],
    difference=lambda i, m: size(m) * (0.1 - 0.19 * i),
    std_error=lambda i, m: size(m) * (0.01 + 0.09 * i),
)
EVERY = {
    "depletion": lambda run, runs, lang: depletion_figure([run], lang),
    "depletions": lambda run, runs, lang: depletion_figure(runs, lang),
    "depletion_year": lambda run, runs, lang: depletion_year_figure(run, lang),
    "payers": lambda run, runs, lang: payers_figure(runs, lang),
    "counties": lambda run, runs, lang: counties_figure(run, "resident", lang),
    "transfers": lambda run, runs, lang: transfers_figure(run, lang),
    "comparison": lambda run, runs, lang: comparison_figure(runs, lang),
    "tornado": lambda run, runs, lang: tornado_figure(TORNADO, run, lang),
    "readings": lambda run, runs, lang: readings_figure(READINGS, run, lang),
}


@pytest.mark.parametrize("name", EVERY)
def test_says_what_it_rests_on_inside_the_sheet(name, made, compared):
    figure = EVERY[name](made[0], compared[0], "zh")
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    said = words_of(figure)
    assert all(words in said for words in ("400条", "种子1", "构造"))
    width, height = figure.bbox.size
    for text in figure.texts:  # the words around the panels
        box = text.get_window_extent(renderer)
        assert 0 <= box.x0 and box.x1 <= width and 0 <= box.y0 and box.y1 <= height, text.get_text()
    for i, axes in enumerate(figure.axes):
        for other in figure.axes[i + 1 :]:
            assert not axes.get_window_extent().overlaps(other.get_window_extent())


def test_every_caption_has_its_glyphs():
    figure = matplotlib.figure.Figure()
    for english, chinese in _CAPTIONS.values():
        figure.text(0, 0, english + chinese)
    figure.draw_without_rendering()


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("char", "\u200b\U0001f600\U0002b7ce")
def test_a_character_that_the_fonts_lack_has_the_width_of_a_chinese_one(char):
    assert measure(f"台{char}", 72) == pytest.approx(2 * measure("台", 72))


def test_depletion_is_drawn_with_its_wilson_band(made):
    run, table = made
    figure = depletion_figure([run], "en")
    chance, burden = figure.axes[:2]
    p = value_of(table, "event:reserve_depletion", "probability")
    assert 0 < p[-1] < 1
    np.testing.assert_allclose(chance.lines[0].get_ydata(), 100 * p)
    wilson = binomtest(round(p[-1] * PATHS), PATHS).proportion_ci(method="wilson")
    band = chance.collections[0].get_paths()[0].vertices
    ends = band[band[:, 0] == FIRST + YEARS - 1][:, 1]
    assert (ends.min(), ends.max()) == pytest.approx((100 * wilson.low, 100 * wilson.high), rel=1e-6)
    county, city = (patch.get_data() for patch in burden.patches)
    paid = [value_of(table, f"outlay:{payer}_treasury", "mean") for payer in ("county", "city")]
    np.testing.assert_allclose(county.values, 100 * paid[0] / BASE["employee"])
    np.testing.assert_allclose(city.values - city.baseline, 100 * paid[1] / BASE["employee"])
    np.testing.assert_allclose(city.baseline, county.values)


def test_several_scenarios_have_a_line_of_depletion_and_one_of_burden(compared):
    runs, table, _ = compared
    figure = depletion_figure(runs, "en")
    chance, burden = figure.axes[:2]
    assert [line.get_label() for line in chance.lines] == ["as written", "每县自保", "full/pooling"]
    own = table[table["scenario"] == "as written"]
    paid = sum(value_of(own, f"outlay:{payer}_treasury", "mean") for payer in ("county", "city"))
    np.testing.assert_allclose(burden.lines[0].get_ydata(), 100 * paid / BASE["employee"])


def test_payers_areas_and_bars_hold_every_line_once(compared):
    runs, table, _ = compared
    figure = payers_figure(runs, "en")
    areas, bars = figure.axes[2:4]  # the third scenario's, the employee fund's
    own = table[table["scenario"] == "full/pooling"]
    stock = value_of(own, "unfunded", "mean")
    names = [patch.get_label() for patch in areas.patches]
    drawn = areas.patches[names.index(caption("unfunded", "en"))].get_data()
    np.testing.assert_allclose(
        drawn.values - drawn.baseline, 100 * np.diff(stock, prepend=0) / BASE["employee"]
    )
    assert caption("own_accounts", "en")[:60] in words_of(figure)
    drawn = [(each.get_label(), each[0].get_width()) for each in bars.containers]
    for account, share in (("pool", 0.05 * YEARS), ("own_balance", 0.01 * sum(range(YEARS)))):
        widths = [width for name, width in drawn if name == caption(account, "en")]
        assert widths == pytest.approx([100 * share] * 3)
    unfunded = dict(drawn)[caption("unfunded", "en")]
    assert unfunded == pytest.approx(100 * stock[-1] / BASE["employee"])


def test_bearers_are_told_apart_in_grey():
    """Plain fills by their lightness (Rec. 601), the others by a hatch of their own."""
    plain = [fill for _, _, fill, hatch in EVERYBODY if not hatch]
    lightness = sorted(255 * np.dot(to_rgb(fill), (0.299, 0.587, 0.114)) for fill in plain)
    assert min(np.diff([*lightness, 255])) > 30
    hatches = [hatch for *_, hatch in EVERYBODY if hatch]
    assert len(set(hatches)) == len(hatches)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_results_without_the_funds_own_accounts_say_so(lang):
    table = make_table()
    old = table[~table["metric"].str.startswith("covered:")]
    for frame, key in ((table, "own_accounts"), (old, "no_accounts")):
        assert caption(key, lang)[:20] in words_of(payers_figure([run_of(frame, facts_of(frame))], lang))


def test_too_many_scenarios_abreast_are_refused(compared):
    with pytest.raises(ValueError, match="at most 4"):
        payers_figure(compared[0] * 2, "en")


def test_the_unfunded_bill_is_named_a_range_where_shares_are_delegated():
    table = make_table(funds=("resident",), delegated=True, drift=(-0.1,))
    facts = facts_of(table, delegated_sharing={"resident": True})
    for lang in ("en", "zh"):
        assert caption("unfunded_delegated", lang) in words_of(payers_figure([run_of(table, facts)], lang))


def test_depletion_years_add_up_to_the_probability(made):
    run, table = made
    figure = depletion_year_figure(run, "en")
    share, _, hazard = figure.axes[:3]
    p = value_of(table, "event:reserve_depletion", "probability")
    assert sum(bar.get_height() for bar in share.patches) == pytest.approx(100 * p[-1])
    np.testing.assert_allclose(
        hazard.lines[0].get_ydata(), 100 * value_of(table, "hazard:reserve_depletion", "probability")
    )
    assert f"not by {FIRST + YEARS - 1}: {100 * (1 - p[-1]):.0f}%" in words_of(figure)
    assert "The burden beside it, Employee fund" in words_of(figure)


def test_nothing_is_written_over_the_bars_of_depletion_years(made):
    figure = depletion_year_figure(made[0], "en")
    assert [len(axes.texts) for axes in figure.axes] == [0] * len(figure.axes)


def test_one_path_is_not_plural():
    table = make_table()
    run = run_of(table, {**facts_of(table), "paths": 1})
    assert "–2030, 1 path, seed 1." in words_of(depletion_figure([run], "en"))


def test_a_county_cell_shows_months_gap_and_bill(made):
    run, table = made
    figure = counties_figure(run, "resident", "en")
    months, chance = figure.axes[2:4]
    assert months.get_title(loc="left").startswith("Linhai\ngap left 20%, bill 5%")
    np.testing.assert_allclose(
        months.lines[0].get_ydata(), value_of(table, "months_of_capacity", "p50", "resident", "临海市")
    )
    np.testing.assert_allclose(
        chance.lines[0].get_ydata(),
        100 * value_of(table, "event:county_depletion", "probability", "resident", "临海市"),
    )


def test_many_counties_are_drawn_on_several_sheets_of_a4_to_one_scale():
    names = tuple(f"第{i}县" for i in range(38))
    table = make_table(funds=("resident",), counties=names)
    run = run_of(table, facts_of(table))
    sheets = county_sheets(run, "resident")
    assert [len(some) for some in sheets] == [16, 12, 10]
    assert sorted(name for some in sheets for name in some) == sorted(names)
    figures = [counties_figure(run, "resident", "zh", n) for n in range(3)]
    for n, (figure, some) in enumerate(zip(figures, sheets, strict=True)):
        assert figure.get_size_inches()[1] < 11.0
        assert f"第{n + 1}张，共3张" in words_of(figure)
        assert [axes.get_title("left").split("\n")[0] for axes in figure.axes[::2]] == some
        assert figure.axes[0].get_ylim() == figures[0].axes[0].get_ylim()
        assert figure.axes[1].get_ylim() == figures[0].axes[1].get_ylim()


def test_transfers_are_sorted_and_carry_their_range(made):
    run, table = made
    axes = transfers_figure(run, "zh").axes[0]
    nets = sorted((value_of(table, "pool_net", "mean", county=county) for county in COUNTIES), reverse=True)
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([net / 1e8 for net in nets])
    first = value_of(table, "pool_net", "p05", county=COUNTIES[-1]) / 1e8
    assert axes.lines[0].get_xdata()[0] == pytest.approx(first)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["三门县", "临海市", "椒江区"]


def test_dumbbells_lie_at_the_values_with_the_paired_interval(compared):
    runs, table, _ = compared
    axes = comparison_figure(runs, "en").axes[0]
    own = table[table["scenario"] == "每县自保"]
    first, other = (
        100 * value_of(table[table["scenario"] == name], "event:reserve_depletion", "probability")[-1]
        for name in ("as written", "每县自保")
    )
    line, interval, hollow, full = axes.lines[:4]
    assert list(line.get_xdata()) == pytest.approx([first, other])
    assert (hollow.get_xdata()[0], full.get_xdata()[0]) == pytest.approx((first, other))
    rows = own[(own["metric"] == "difference:event:reserve_depletion") & (own["fund"] == "employee")]
    error = float(rows.sort_values("year")["std_error"].iloc[-1])
    low, high = agresti_min((other - first) / 100, error, PATHS)
    assert list(interval.get_xdata()) == pytest.approx([first + 100 * low, first + 100 * high])
    months = comparison_figure(runs, "en").axes[2]
    ends = value_of(own, "difference:months_of_capacity", "mean")[-1] + Z95 * np.array([-1, 1]) * float(
        own[(own["metric"] == "difference:months_of_capacity") & (own["fund"] == "employee")]
        .sort_values("year")["std_error"]
        .iloc[-1]
    )
    first = months.lines[2].get_xdata()[0]
    assert list(months.lines[1].get_xdata()) == pytest.approx(list(first + ends))
    assert axes.texts[0].get_text().startswith("−" if low < 0 else "+")


def test_the_widest_bar_of_a_tornado_comes_first(made):
    axes = tornado_figure(TORNADO, made[0], "en").axes[2]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "volatility",
        "人口老龄化",
        "growth of claims",
    ]
    unit = 100 / BASE["employee"] * 1e9
    low, high = axes.patches[0], axes.patches[3]
    assert (low.get_x() + low.get_width(), low.get_x()) == pytest.approx((0.7 * unit, unit))
    assert high.get_x() + high.get_width() == pytest.approx(1.6 * unit)


def test_a_reading_that_may_move_nothing_is_hollow(made):
    axes = readings_figure(READINGS, made[0], "en").axes[0]
    points = [line for line in axes.lines if line.get_marker() == "o"]
    assert [line.get_xdata()[0] for line in points] == pytest.approx([1.0, -0.9])
    assert [line.get_markerfacecolor() for line in points] == ["#1f4e79", "#ffffff"]
    assert "percentage points" in axes.get_title(loc="left")
    unknown = readings_figure(READINGS.assign(std_error=np.nan), made[0], "en").axes[0]
    assert {line.get_markerfacecolor() for line in unknown.lines if line.get_marker() == "o"} == {"#ffffff"}


@pytest.mark.parametrize(("draw", "rows"), [(tornado_figure, TORNADO), (readings_figure, READINGS)])
def test_a_depletion_without_a_burden_is_refused(draw, rows, made):
    with pytest.raises(ValueError, match="beside a burden"):
        draw(rows[rows["metric"] == METRICS[0]], made[0], "en")


def test_one_county_one_year_one_fund_and_nothing_ever_happens():
    lang = "zh"
    table = make_table(funds=("resident",), years=1, counties=COUNTIES[:1], drift=(0.0,))
    money = table["metric"].str.startswith(("outlay:", "covered:", "pool_", "event:", "hazard:"))
    table.loc[money, ["value", "std_error"]] = 0.0
    table = table[~table["metric"].isin(["gini"])]
    run = run_of(table, facts_of(table))
    assert has_counties(run, "resident")
    assert not has_transfers(run)
    for figure in (
        depletion_figure([run], lang),
        depletion_year_figure(run, lang),
        payers_figure([run], lang),
        counties_figure(run, "resident", lang),
        transfers_figure(run, lang),
    ):
        figure.draw_without_rendering()
    p, _ = depletion_figure([run], lang).axes
    assert list(p.lines[0].get_ydata()) == [0, 0]
    assert words_of(payers_figure([run], lang)).count("无负担") == 2
    assert f"台州市，{FIRST}年，" in words_of(depletion_figure([run], lang))
    assert p.get_ylim()[1] > 100 * binomtest(0, PATHS).proportion_ci(method="wilson").high


@pytest.mark.parametrize(
    ("event", "title"),
    [
        ("reserve_depletion", {"en": "reserves depleted", "zh": "累计结余耗尽"}),
        ("treasury_call_city", {"en": "the city treasury called", "zh": "动用市级财政资金"}),
    ],
)
def test_weighted_paths_have_an_event_without_a_burden_and_say_so(event, title):
    table = make_table().query("metric == 'event:reserve_depletion'").assign(metric=f"event:{event}")
    run = run_of(table, facts_of(table, sampling="importance"))
    for lang, words in title.items():
        figure = depletion_figure([run], lang, event)
        assert figure.texts[0].get_text().endswith(words) and len(figure.axes) == len(BASE)
        assert caption("no_burden_note", lang) in words_of(figure).replace("\n", "" if lang == "zh" else " ")


def test_an_event_of_weighted_paths_fills_its_panel_and_has_no_band_where_no_path_had_it():
    table = make_table().query("metric == 'event:reserve_depletion'").copy()
    table[["value", "std_error"]] *= 1e-9
    unknown = (table["fund"] == "employee") | (table["year"] == FIRST)
    table.loc[unknown, ["value", "std_error"]] = 0.0, np.nan
    figure = depletion_figure([run_of(table, facts_of(table, sampling="importance"))], "en")
    (employee, *_), (band, *_) = (axes.collections or [None] for axes in figure.axes)
    assert not employee.get_paths() and band.get_paths()[0].vertices[:, 0].min() == FIRST + 1
    assert 1 < figure.axes[1].get_ylim()[1] / (100 * table["value"].max()) < 3
