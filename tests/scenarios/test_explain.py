"""The table of a city's rules: every row is there, and what is delegated can be seen without colour."""

from __future__ import annotations

import io
import typing
from pathlib import Path

import pytest
from rich.console import Console

from scenarios import labels
from scenarios.labels import Lang
from scenarios.pictures import captions
from scenarios.rulebook import words
from scenarios.rulebook.city import City, builtin_cities, builtin_templates, load_city
from scenarios.rulebook.explain import cited, explain_table, print_explain
from scenarios.rulebook.rows import VOCABULARY, Status, Weight
from scenarios.rulebook.words import word
from sim.rules import FundRules

FIVE = ["hangzhou", "linyi", "taizhou", "yancheng", "ziyang"]
LANGS: tuple[Lang, ...] = ("en", "zh")
MARK: dict[Lang, str] = {"en": "(!) delegated", "zh": "(!)授权另定"}


def printed(city: City, lang: Lang, width: int = 300) -> str:
    out = io.StringIO()
    print_explain(city, lang, Console(file=out, width=width, no_color=True))
    return out.getvalue()


@pytest.mark.parametrize("name", FIVE)
@pytest.mark.parametrize("lang", LANGS)
def test_every_row_is_shown(name: str, lang: Lang) -> None:
    city = load_city(name)
    text, lines = printed(city, lang), explain_table(city, lang)
    assert len(lines) == len(city.rows)
    for row in city.rows:
        shown = row.zh if lang == "zh" else row.en
        line = next(line for line in text.splitlines() if f"   {shown} " in line)
        assert cited(row.clause, lang) in line or row.clause == "assumption"
    assert text.count(MARK[lang]) == 1 + sum(row.status == "delegated" for row in city.rows)  # 1: the legend
    for at, reading in city.readings.items():
        assert at in text
        for option in reading.names:
            assert option in text
    for left_out in city.outside:
        assert (left_out.zh if lang == "zh" else left_out.en) in text
    for note in city.header.notes:
        assert (note.zh if lang == "zh" else note.en) in text


@pytest.mark.parametrize("lang", LANGS)
def test_delegated_rows_are_marked_and_styled(lang: Lang) -> None:
    for line, row in zip(explain_table(load_city("linyi"), lang), load_city("linyi").rows, strict=True):
        assert (line.status == MARK[lang]) == (row.status == "delegated")
        if row.status == "delegated":
            assert "bold" in line.style


def test_the_words_of_one_citys_document_are_not_put_into_anothers_mouth() -> None:
    """归集基金 is Taizhou's name of its pool; the program's own words are of every city."""
    for table in (words._WORDS, captions._CAPTIONS, labels._LABELS):
        assert [zh for _, zh in table.values() if "归集基金" in zh] == []
    assert "归集基金" in printed(load_city("taizhou"), "zh")


def test_a_fund_has_one_name_in_chinese() -> None:
    assert words.word("fund:resident", "zh") == labels.label("resident", "zh") == "城乡居民医保"
    for table in (words._WORDS, captions._CAPTIONS, labels._LABELS):
        assert [zh for _, zh in table.values() if "居民医保" in zh.replace("城乡居民医保", "")] == []


def test_values_are_readable() -> None:
    values = {line.name: line.value for line in explain_table(load_city("taizhou"), "en")}
    assert values["city and county treasury share what the pool could not pay"] == (
        "city treasury 20% + county treasury 80%"
    )
    assert values["month of settlement"] == "month 7 of the next year"
    assert values["working capital, months of the previous year's claims"] == "1 month"
    assert values["opening deficit made good by the county treasury, share each December"] == (
        "20%, 20%, 20%, 20%, 20% (by year)"
    )
    zh = {line.name: line.value for line in explain_table(load_city("ziyang"), "zh")}
    assert zh["风险基金与本级财政分担"] == "风险基金 20% + 县级财政 80%"
    assert zh["统筹前基金缺口的弥补"] == "保留在账上"
    assert zh["清算时间"] == "当年12月"


@pytest.mark.parametrize("name", [*builtin_cities(), *builtin_templates()])
def test_no_value_is_shown_as_a_power_of_ten(name: str) -> None:
    for at, reading in load_city(name).readings.items():
        for chosen in reading.names:
            values = [line.value for line in explain_table(load_city(name, {at: chosen}), "en")]
            assert [value for value in values if "e+" in value or "e-" in value] == []


def test_several_articles_are_cited_as_each_language_does() -> None:
    assert "Whose accumulated balance is drawn first? (Art. 13, 14, 19)" in printed(
        load_city("taizhou"), "en"
    )
    assert "先行动用的累计结余是谁的？（第13、14、19条）" in printed(load_city("taizhou"), "zh")
    assert "未完成哪一计划时缺口自行弥补？（五(八)2、五(八)3）" in printed(load_city("ziyang"), "zh")
    assert cited("taizhou Art. 9, Art. 12", "zh") == "taizhou 第9条、第12条"
    assert (cited("assumption", "en"), cited("assumption", "zh")) == ("assumption", "假设")


def test_rows_are_grouped_by_instrument_and_fund() -> None:
    groups = list(dict.fromkeys(line.group for line in explain_table(load_city("taizhou"), "en")))
    assert groups[:3] == [
        "Opening transfer: employee fund",
        "Opening transfer: resident fund",
        "Opening deficits",
    ]
    assert len(groups) == len(set(groups))


def test_a_chosen_reading_is_shown() -> None:
    city = load_city("ziyang", {"Z5": "city"})
    readings = {line.name: line.reading for line in explain_table(city, "en")}
    assert readings["the pool pays"] == "Z5 = city"
    assert readings["month of settlement"] == "Z9"
    assert "city (in use)" in printed(city, "en")
    assert "own (in use)" not in printed(city, "en")


@pytest.mark.parametrize(
    ("name", "readings", "shown", "notes"),
    [
        ("taizhou", {}, "T13", ["five years are stated, equal parts are a reading"]),
        ("taizhou", {"T13": "last_year"}, "T13 = last_year", [""]),
        ("ziyang", {"Z7": "three_years"}, "Z7 = three_years", [""]),
        ("county-alone", {"C1": "nobody"}, "C1 = nobody", [""]),
        ("linyi", {}, "L2", ["unified collection and payment; a county's surplus is not spoken of"]),
        (
            "linyi",
            {"L2": "counties"},
            "L2 = counties",
            ["the size is an assumption", "", "the sizes are assumptions"],
        ),
    ],
)
def test_a_note_on_one_value_does_not_stand_beside_another(
    name: str, readings: dict[str, str], shown: str, notes: list[str]
) -> None:
    lines = explain_table(load_city(name, readings), "en")
    assert [line.note for line in lines if line.reading == shown] == notes


def test_nor_beside_a_scenarios_own_share() -> None:
    changes = {"employee": {"settlement": {"waterfall": {"risk_fund": 0.5}}}}
    lines = explain_table(load_city("adjustment-fund-guangyuan", changes=changes), "en")
    assert [line.note for line in lines if line.clause == "scenario"] == [""]


def test_an_expired_document_is_called_an_extrapolation() -> None:
    assert "2025-12-31: a horizon beyond it is an extrapolation" in printed(load_city("linyi"), "en")
    assert "2025年12月31日，此后年份的结果属于外推" in printed(load_city("linyi"), "zh")
    assert "extrapolation" not in printed(load_city("taizhou"), "en")


@pytest.mark.parametrize("width", [60, 80, 200])
def test_it_fits_the_width(width: int) -> None:
    for lang in LANGS:
        out = io.StringIO()
        console = Console(file=out, width=width)
        print_explain(load_city("ziyang"), lang, console)
        assert MARK[lang][:3] in out.getvalue()
        assert "…" not in out.getvalue()


def test_a_delegated_row_may_hold_any_value(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "docs" / "examples" / "mytown.toml"
    row = '{ value = "later", clause = "Art. 1", status = "delegated", zh = "某事", en = "a thing" }'
    file = tmp_path / "town.toml"
    text = example.read_text(encoding="utf-8")
    file.write_text(
        text.replace("[resident]\n", f"[resident]\ndelegated.a_thing = {row}\n"), encoding="utf-8"
    )
    line = explain_table(load_city(str(file)), "en")[-1]
    assert (line.group, line.name, line.value) == ("Left open besides: resident fund", "a thing", "later")


def test_every_word_of_the_vocabulary_has_a_translation() -> None:
    values = set()

    def literals(annotation: object) -> None:
        if typing.get_origin(annotation) is typing.Literal:
            values.update(typing.get_args(annotation))
        elif isinstance(annotation, type) and hasattr(annotation, "model_fields"):
            for field in annotation.model_fields.values():
                literals(field.annotation)
        else:
            for inner in typing.get_args(annotation):
                literals(inner)

    literals(FundRules)
    assert {"pool", "all_or_nothing", "after_pool"} <= values
    keys = values | {f"instrument:{name}" for name in VOCABULARY}
    keys |= {f"status:{name}" for name in typing.get_args(Status)}
    keys |= {f"weight:{name}" for name in ("default", *typing.get_args(Weight))}
    for key in keys:
        assert word(key, "en") and word(key, "zh"), key
