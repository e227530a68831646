"""Whatever is wrong with a city file is refused with one message: the file, the place, what was expected."""

from __future__ import annotations

import typing
from pathlib import Path

import pytest

from scenarios.errors import InputError
from scenarios.rulebook.city import builtin_cities, load_city

MYTOWN = Path(__file__).parents[2] / "docs" / "examples" / "mytown.toml"

LAYER = (
    "[[both.settlement.waterfall]]\nvalue = { unfunded = 1 }\nclause = 'Art. 8'\nstatus = 'stated'\n"
    "zh = '甲'\nen = 'a'\n\n"
)
WRONG = [  # what to replace in the example, with what; then words of the one message
    ("settlement.month =", "settlement.mnth =", ["both.settlement.mnth", 'did you mean "month"?']),
    ("settlement.month =", "setlement.month =", ["both.setlement", 'did you mean "settlement"?']),
    ("flows.claims =", "flows.claim =", ["both.flows.claim", 'did you mean "claims"?']),
    ("[resident]", "[residents]", ["residents", 'did you mean "resident"?']),
    ("{ value = 4, clause", "{ clause", ["both.settlement.month", "a row needs value"]),
    (', clause = "Art. 9", status = "stated"', "", ["both.settlement.month", "a row needs clause, status"]),
    (', zh = "清算时间"', "", ["both.settlement.month", "a row needs zh"]),
    ('clause = "Art. 9"', 'clause = ""', ["both.settlement.month.clause", "at least 1 character"]),
    ('clause = "Art. 9"', 'claus = "Art. 9"', ["both.settlement.month.claus", 'did you mean "clause"?']),
    ('"Art. 9", status = "stated"', '"Art. 9", status = "sated"', ["month.status", 'did you mean "stated"?']),
    (
        '"Art. 9", status = "stated"',
        '"Art. 9", status = "reading"',
        ["settlement.month", "names the reading"],
    ),
    ('en = "month of settlement"', 'en = "m", note_en = "n"', ["note_zh and note_en go together"]),
    (
        'en = "month of settlement"',
        'en = "m", when_pool_short = "x"',
        ["month.when_pool_short", "only a layer"],
    ),
    ('en = "month of settlement"', 'en = "m", up_to = 1', ["month.up_to", "only a layer"]),
    (
        "value = { county_balance = 1 }",
        "value = { county_balance = 1 }\nup_to = 0.3",
        ["both.settlement.waterfall.1", "is limited by the balance"],
    ),
    ("[city]\n", "[template]\nid = 'x'\n\n[city]\n", ["template", "found both"]),
    ("{ value = 4, ", "{ value = 13, ", ["both.settlement.month", "less than or equal to 11", "13"]),
    ("{ value = 4, ", '{ value = "4", ', ["both.settlement.month", "valid integer", "'4'"]),
    ("{ value = 4, ", "{ value = true, ", ["both.settlement.month", "valid integer"]),
    ("{ value = 0.6, ", "{ value = nan, ", ["both.settlement.surplus_to_pool", "finite number"]),
    ("{ value = 0.6, ", "{ value = 60, ", ["both.settlement.surplus_to_pool", "less than or equal to 1"]),
    ("{ value = 0.6, ", "{ value = 2024-01-01, ", ["both.settlement.surplus_to_pool", "valid number"]),
    ("pool = 0.7", "pol = 0.7", ["both.settlement.waterfall.2.value.pol", 'did you mean "pool"?']),
    ("pool = 0.7", "pool = 0.6", ["both.settlement.waterfall.2.value", "must sum to 1, found 0.9"]),
    ("value = { county_balance = 1 }", "value = 1", ["both.settlement.waterfall.1.value"]),
    ('"unpaid_part"', '"unpaid"', ["waterfall.2.when_pool_short", 'did you mean "unpaid_part"?']),
    ("[0.5, 0.3, 0.2]", "[0.5, 0.3]", ["december_schedule", "must sum to 1, found 0.8"]),
    ('"revenue_made_good"', '"revenue"', ["resident.assessment.mode", "expected one of none, shortfall"]),
    ('reading = "M1"', 'reading = "M2"', ["both.opening_deficit.december_schedule.reading", "M1"]),
    (
        'default = "front_loaded"',
        'defalt = "front_loaded"',
        ["readings.M1.defalt", 'did you mean "default"?'],
    ),
    ('weight = "minority"', 'weight = "minor"', ["readings.M1.alternative.1.weight", '"minority"']),
    ('name = "last_year"', 'name = "front_loaded"', ["readings.M1", "one name"]),
    (
        "set.both.opening_deficit.december_schedule",
        "set.both.opening_deficit.dec",
        ["readings.M1.last_year.set.both"],
    ),
    (
        "set.both.opening_deficit.december_schedule = [0, 0, 1]",
        "set.both.risk_fund.rate = 0.1",
        ["readings.M1.last_year.set.both.risk_fund.rate", "a row that the city has"],
    ),
    ("= [0, 0, 1]", "= [0, 0, 2]", ["readings.M1.last_year.both.opening_deficit.december_schedule.3"]),
    (
        "set.both.opening_deficit.december_schedule = [0, 0, 1]",
        "set.both.settlement.waterfall.risk_fund.when_pool_short = 'after_pool'",
        ["readings.M1.last_year.set.both.settlement.waterfall.risk_fund", "county_balance"],
    ),
    (
        "set.both.opening_deficit.december_schedule = [0, 0, 1]",
        'insert.both = { before = "pol", value = { pool = 1 }, clause = "A", zh = "z", en = "e" }',
        ["readings.M1.last_year.insert.both.before", 'did you mean "pool"?'],
    ),
    ("in_force_from = 2024-01-01", "", ["city.in_force_from", "is needed"]),
    (
        "in_force_from = 2024-01-01",
        "in_force_from = 2024",
        ["city.in_force_from", "a date such as 2024-01-01, found 2024"],
    ),
    (
        "[[outside]]",
        (LAYER * 7).join(("", "[[outside]]")),
        ["employee.settlement.waterfall", "expected at most 6 values, found 10"],
    ),
    ('id = "mytown"', 'idd = "mytown"', ["city.idd", 'did you mean "id"?']),
    ('number = "某政发', 'numbr = "某政发', ["city.document.numbr", 'did you mean "number"?']),
    ("[[outside]]", "[outside]", ["outside", "[[outside]], a list"]),
    ('clause = "Art. 14"', "", ["outside.1.clause", "is needed"]),
    ("[[both.settlement.waterfall]]", "[[both.settlement.waterfal]]", ['did you mean "waterfall"?']),
    ("recoveries_to = {", "top_up = 3\nrecoveries_to = {", ["both.top_up", "a table of months"]),
    ("recoveries_to = {", "unfunded_is = 3\nrecoveries_to = {", ["both.unfunded_is", "expected a row"]),
    ("recoveries_to = {", "delegated.x = 3\nrecoveries_to = {", ["both.delegated.x", "expected a row"]),
]


@pytest.mark.parametrize(
    ("old", "new", "words"), WRONG, ids=[f"{i}:{new[:30]}" for i, (_, new, _) in enumerate(WRONG)]
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    text = MYTOWN.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "town.toml"
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_city(str(file))
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    for part in words:
        assert part in message


def refused(name: str, **more: typing.Any) -> str:
    with pytest.raises(InputError) as caught:
        load_city(name, **more)
    return str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert "No such file" in refused(str(tmp_path / "none.toml"))
    (tmp_path / "gbk.toml").write_bytes("[city]\nzh = '台州'\n".encode("gbk"))
    assert "line 2: expected UTF-8 text" in refused(str(tmp_path / "gbk.toml"))
    (tmp_path / "bad.toml").write_text("[city]\nid = \n")
    assert "line 2, column 6: expected TOML" in refused(str(tmp_path / "bad.toml"))
    assert "directory" in refused(str(tmp_path))


def test_an_unknown_city_lists_the_known_ones() -> None:
    message = refused("taizou")
    assert all(name in message for name in builtin_cities())
    assert 'did you mean "taizhou"?' in message


def test_unknown_readings_and_templates() -> None:
    assert "expected one of T3, T4" in refused("taizhou", readings={"Z1": "in_full"})
    assert 'did you mean "after_pool"?' in refused("taizhou", readings={"T5": "after_poll"})
    assert 'did you mean "zhejiang"?' in refused("hangzhou", template="zhejang")
