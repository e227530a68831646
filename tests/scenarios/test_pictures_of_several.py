"""Pictures of several scenarios: whose bases and cities differ, whose names are long; in both languages."""

from __future__ import annotations

import pytest
from made_up import BASE
from matplotlib.backends.backend_agg import FigureCanvasAgg
from pictured import make_run, value_of, words_of

from scenarios.pictures.captions import caption
from scenarios.pictures.comparison import comparison_figure
from scenarios.pictures.depletion import depletion_figure
from scenarios.pictures.payers import payers_figure
from scenarios.pictures.runs import run_of
from scenarios.pictures.sheet import TITLE
from scenarios.reports.html import seen

EVERY = (depletion_figure, payers_figure, comparison_figure)
LONG = "taizhou@rule.both.settlement.surplus_to_pool=0.2,policy.resident.reserve_months=3"


pytestmark = pytest.mark.usefixtures("picture_style")


@pytest.fixture
def long_names(compared):
    """Scenarios, two of which have names of several lines."""
    first, second, third = compared[0]
    names = ("taizhou", "taizhou@policy.employee.reserve_months=6", LONG, "taizhou@T5=after_pool")
    return [
        run._replace(facts={**run.facts, "scenario": name})
        for run, name in zip((first, second, third, second), names, strict=True)
    ]


def apart_and_inside(figure, texts):
    """Whether texts stand beneath or beside each other, inside the sheet."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [text.get_window_extent(renderer) for text in texts if text.get_text()]
    width, height = figure.bbox.size
    inside = all(0 <= box.x0 and box.x1 <= width and 0 <= box.y0 and box.y1 <= height for box in boxes)
    return inside and not any(box.overlaps(other) for i, box in enumerate(boxes) for other in boxes[i + 1 :])


@pytest.mark.parametrize("draw", EVERY)
def test_every_city_is_named_and_whose_base_is_constructed(draw, compared):
    first, second, third = compared[0]
    own = {**first.facts, "constructed": False, "city": {"en": "Elsewhere", "zh": "某市"}}
    runs = [first._replace(facts=own), second, third]
    subtitle = draw(runs, "en").texts[1].get_text()
    assert subtitle.startswith(
        "Elsewhere, Taizhou, 2025–2030, 400 paths, seed 1. 每县自保, full/pooling: Constru"
    )
    assert "某市、台州市，" in words_of(draw(runs, "zh"))
    real = [run._replace(facts={**run.facts, "constructed": False}) for run in runs]
    assert "onstructed" not in words_of(draw(real, "en"))


@pytest.mark.parametrize(("lang", "unit"), [("en", "(100m yuan)"), ("zh", "（亿元）")])
def test_money_of_scenarios_with_other_bases_is_compared_in_yuan(lang, unit, compared):
    runs, table, _ = compared
    larger = {fund: 2 * base for fund, base in BASE.items()}
    runs = [*runs[:2], runs[2]._replace(facts={**runs[2].facts, "base_claims_yuan": larger})]
    panels = comparison_figure(runs, lang).axes
    axes = next(axes for axes in panels if unit in " ".join(axes.get_title("left").split()))
    metric = "outlay:county_treasury:discounted"
    yuan = [
        value_of(table[table["scenario"] == name], metric, "mean")
        for name in ("as written", "每县自保", "full/pooling")
    ]
    assert [axes.lines[at].get_xdata()[0] for at in (2, 3, 7)] == pytest.approx([y / 1e8 for y in yuan])
    assert axes.texts[1].get_text().split()[0].replace("−", "-") == f"{(yuan[2] - yuan[0]) / 1e8:+.4g}"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_long_names_stand_apart_beside_and_above_the_payers(lang, long_names):
    figure = payers_figure(long_names, lang)
    figure.draw_without_rendering()
    assert apart_and_inside(figure, [axes._left_title for axes in figure.axes])
    bars = [
        axes for axes in figure.axes if len(axes.get_yticklabels()) == len(long_names) and axes.containers
    ]
    assert len(bars) == 2
    for axes in bars:
        assert apart_and_inside(figure, axes.get_yticklabels())
        assert "".join(axes.get_yticklabels()[2].get_text().split()) == LONG.removeprefix("taizhou")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_long_names_and_headings_of_a_comparison_stand_apart(lang, long_names):
    figure = comparison_figure(long_names, lang)
    figure.draw_without_rendering()
    assert apart_and_inside(figure, [axes._left_title for axes in figure.axes])
    for axes in figure.axes[::2]:
        assert apart_and_inside(figure, axes.get_yticklabels())
    names = ["".join(label.get_text().split()) for label in figure.axes[0].get_yticklabels()]
    assert names == [run.facts["scenario"].removeprefix("taizhou") for run in long_names[1:]]


def test_a_dumbbell_stands_beside_its_own_name_where_a_fund_lacks_the_scenario(compared):
    runs, table, _ = compared
    lacking = (table["scenario"] == "每县自保") & (table["fund"] == "resident")
    runs = [run_of(table[~lacking], run.facts) for run in runs]
    employee, resident = comparison_figure(runs, "en").axes[:2]
    places = dict(
        zip((text.get_text() for text in employee.get_yticklabels()), employee.get_yticks(), strict=True)
    )
    assert resident.texts[0].get_position()[1] == places["full/pooling"] != places["每县自保"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_screen_reader_hears_the_whole_of_a_title_in_lines(lang):
    """In the order of the sheet: the title, what panels show, what was run."""
    run, _ = make_run()
    title = {"en": "A title of many words " * 7, "zh": "一个很长的标题" * 9}[lang].strip()
    run = run._replace(facts={**run.facts, "titles": {lang: title}})
    figure = depletion_figure([run], lang)
    assert len([text for text in figure.texts if text.get_size() == TITLE]) > 1
    what = caption("with_about", lang, title=title, what=caption("depletion", lang))
    words = seen(figure, lang)
    assert words.startswith(what)
    assert words.index(figure.axes[0].get_title("left")) < words.index(figure.texts[-1].get_text())
