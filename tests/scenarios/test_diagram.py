"""The diagram of a city's rules: everything is in it, nothing lies on anything else."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from scenarios.labels import Lang
from scenarios.pictures.diagram import SOURCES, diagram_figure
from scenarios.pictures.steps import steps_of
from scenarios.rulebook.city import builtin_cities, builtin_templates, load_city
from scenarios.rulebook.explain import cited
from scenarios.rulebook.rows import ASSUMPTION
from scenarios.rulebook.rules_file import CITIES
from scenarios.rulebook.words import word

A4 = 11.69 - 0.8
"""Height of a page less its margins, inches."""
LANGS: tuple[Lang, ...] = ("en", "zh")
FILLS = [matplotlib.colors.to_rgb(fill) for fill, _ in SOURCES.values()]


pytestmark = pytest.mark.usefixtures("picture_style")


def texts_of(figure):
    return [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]


def check_layout(figure):
    """Words within the sheet and clear of each other; those in a bar within their part."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.get_layout_engine().execute(figure)
    width, height = figure.bbox.size
    texts = [(text, text.get_window_extent(renderer)) for text in texts_of(figure)]
    texts = [(text, box) for text, box in texts if text.axes is None or text.axes.axison is False]
    for text, box in texts:
        assert box.x0 >= -1 and box.x1 <= width + 1 and box.y0 >= -1 and box.y1 <= height + 1, text.get_text()
    ordered = sorted(texts, key=lambda each: each[1].y0)
    for i, (text, box) in enumerate(ordered):
        for other, its in ordered[i + 1 :]:
            if its.y0 >= box.y1 - 2:  # two pixels at 100 to the inch: letters' feet, not letters
                break
            apart = its.x0 >= box.x1 or box.x0 >= its.x1
            assert apart, (text.get_text(), other.get_text())
    bars = [patch for patch in figure.findobj(Rectangle) if patch.get_facecolor()[:3] in FILLS]
    parts = [patch.get_window_extent(renderer) for patch in bars]
    names = {word(source, lang) for source in SOURCES for lang in LANGS}
    for text, box in texts:
        if "%" in text.get_text() and text.get_text().replace("\n", " ").rpartition(" ")[0] in names:
            assert any(part.x0 <= box.x0 and box.x1 <= part.x1 for part in parts), text.get_text()


@pytest.mark.parametrize("name", [*builtin_cities(), *builtin_templates()])
def test_nothing_overlaps_and_all_fits_a_page(name):
    for lang in LANGS:
        figure = diagram_figure(load_city(name), lang)
        assert figure.get_figheight() < A4
        check_layout(figure)


@pytest.mark.parametrize("name", builtin_cities())
def test_every_layer_and_clause_is_there(name):
    city = load_city(name)
    said = " ".join(text.get_text().replace("\n", " ") for text in texts_of(diagram_figure(city, "zh")))
    for row in city.rows:
        if row.clause != ASSUMPTION and not row.key.startswith(("cash.", "flows.")):
            assert cited(row.clause, "zh") in said, row.key
    for rules in city.rules.values():
        for layer in rules.settlement.waterfall:
            for source, share in layer.shares.items():
                assert f"{word(source, 'zh')} {100 * share:g}%" in said


def test_bars_are_as_wide_as_their_shares():
    figure = diagram_figure(load_city("taizhou"), "en")
    orange = matplotlib.colors.to_rgb(SOURCES["city_treasury"][0])
    parts = [patch for patch in figure.findobj(Rectangle) if patch.get_facecolor()[:3] == orange]
    assert len(parts) == 2  # one a fund
    for part in parts:
        beside = next(
            patch
            for patch in figure.findobj(Rectangle)
            if patch.get_y() == part.get_y()
            and patch.get_x() == pytest.approx(part.get_x() + part.get_width())
        )
        assert beside.get_width() == pytest.approx(4 * part.get_width())


def test_steps_follow_the_year():
    headings = [step.heading.text for step in steps_of(load_city("taizhou"), "employee", "en")]
    assert [words.split(":")[0] for words in headings] == [
        "At the start",
        "Each January from the second year on",
        "The year",
        "Settlement",
        "Left to later rules besides",
    ]
    july = load_city("ziyang", {"Z9": "july"})  # the risk fund's December comes before a July settlement
    headings = [step.heading.text for step in steps_of(july, "employee", "en")]
    assert headings.index("Each December") < headings.index("Settlement: month 7 of the next year")


def test_what_is_left_has_a_payer_or_is_said_to_have_none():
    def end(name, lang="en"):
        steps = steps_of(load_city(name), "resident", lang)
        return next(step.end for step in steps if step.layers)

    assert end("taizhou").text == "Nothing is left"
    assert "by a later rule" in end("linyi").text and "delegated" in end("linyi").source
    assert end("full-pooling").text == "What is left has no payer"


def test_a_narrow_part_has_its_words_beneath(tmp_path: Path):
    source = (CITIES / "taizhou.toml").read_text("utf-8")
    before = "{ city_treasury = 0.2, county_treasury = 0.8 }"
    assert before in source
    file = tmp_path / "taizhou.toml"
    file.write_text(source.replace(before, "{ city_treasury = 0.02, county_treasury = 0.98 }"), "utf-8")
    for lang in LANGS:
        figure = diagram_figure(load_city(str(file)), lang)
        assert any("2% | " in text.get_text() for text in texts_of(figure))
        check_layout(figure)
