"""``fundsim calibrate``: estimates against known shocks and hand-made tables, refusals, the file written."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from command_line import Refused, fundsim
from drawn import CORRELATION, draw, make_case
from scipy import stats

from scenarios import api
from scenarios.basecase.growth_variance import components, correlation, is_covariance, repeats, volatility
from scenarios.basecase.published import table
from scenarios.definition.scenario import load_scenario
from scenarios.toml_text import to_toml

HEAD = "fund,county,year,contributions,claims"
TRUE = {
    "city_volatility": (0.06, 0.09, 0.08, 0.1),
    "city_correlation": CORRELATION,
    "county_volatility": (0.03, 0.05, 0.04, 0.06),
    "county_correlation": 0.4,
}


def lines(years: range = range(2015, 2022), counties: tuple[str, ...] = ("甲县", "乙市")) -> list[str]:
    """A panel that grows by more in one year than in another."""
    draw = np.random.default_rng(1)
    rows = [
        (fund, county, year, *np.exp(draw.normal(18, 0.1, 2)).round(2))
        for fund in ("employee", "resident")
        for county in counties
        for year in years
    ]
    return [HEAD, *(",".join(map(str, row)) for row in rows)]


def write(folder: Path, rows: list[str]) -> Path:
    path = folder / "panel.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def with_totals(rows: list[str]) -> list[str]:
    """The same with a row 全市 for every fund and year, rounded as tables are."""
    split = [row.split(",") for row in rows[1:]]
    sums: dict[tuple[str, str], list[float]] = {}
    for fund, _, year, *amounts in split:
        sums.setdefault((fund, year), []).extend(map(float, amounts))
    totals = [
        f"{fund},全市,{year},{sum(each[::2]):.4g},{sum(each[1::2]):.4g}"
        for (fund, year), each in sums.items()
    ]
    return rows + totals


def test_a_county_nearly_as_large_as_all_others_is_no_total(tmp_path: Path) -> None:
    head, *rows = with_totals(lines())
    for only in ("", ",2015,"):  # off by a hundredth in every year, and in one
        own = []
        for row in rows:
            fund, county, year, *amounts = row.replace("全市", "丙县").split(",")
            size = 1.01 if county == "丙县" and only in row else 1.0
            own.append(",".join((fund, county, year, *(f"{float(each) * size}" for each in amounts))))
        assert api.calibrate(write(tmp_path, [head, *own])) is not None


def test_two_counties_that_are_alike_are_no_totals(tmp_path: Path) -> None:
    rows = lines(counties=("甲县",))
    twice = rows + [row.replace("甲县", "乙市") for row in rows[1:]]
    assert api.calibrate(write(tmp_path, twice)) is not None


def test_what_the_model_draws_is_found_again() -> None:
    """Over 2,000 paths of the shock kernels the estimates' mean is the truth: they are unbiased."""
    paths = 2000
    case = make_case(years=8, shocks=TRUE)
    level = np.log(draw(case, 1, paths, months=False).year)  # (F, 2, Y, C, paths)
    growth = np.diff(level, axis=2).reshape(4, 7, 3, paths).transpose(3, 0, 2, 1)
    # The drift of a year is the same in all paths and no matter of shocks.
    growth = growth - growth.mean(axis=0)
    found = [components(each) for each in growth]
    city, county = (np.array([getattr(each, name) for each in found]) for name in ("city", "county"))
    of_city = np.array(CORRELATION) * np.outer(TRUE["city_volatility"], TRUE["city_volatility"])
    variance = np.square(TRUE["county_volatility"])
    limit = 4.5 / np.sqrt(paths)
    assert (np.abs(city.mean(axis=0) - of_city) < limit * city.std(axis=0)).all()
    assert (np.abs(np.diag(county.mean(axis=0)) - variance) < limit * np.diag(county.std(axis=0))).all()
    pairs = county.mean(axis=0)[[0, 2], [1, 3]] / np.sqrt(variance[[0, 2]] * variance[[1, 3]])
    np.testing.assert_allclose(pairs, 0.4, atol=0.03)
    for interval, true in (("city_interval", "city_volatility"), ("county_interval", "county_volatility")):
        ends = np.array([getattr(each, interval) for each in found])
        inside = ((ends[..., 0] <= TRUE[true]) & (TRUE[true] <= ends[..., 1])).mean(axis=0)
        np.testing.assert_allclose(inside, 0.95, atol=0.025)


def test_a_table_by_hand() -> None:
    """Two counties, three years: about their means (-3, 0, 3) and (-1, 0, 1), hence (-2, 0, 2) in common."""
    growth = np.array([[[7.0, 10.0, 13.0], [1.0, 2.0, 3.0]]])
    found = components(growth)
    assert found.county == pytest.approx(4 / 2)  # four squares of 1, over (2 - 1)(3 - 1)
    assert found.city == pytest.approx((2 * 8 / 2 - 2) / 2)
    assert volatility(found.city) == pytest.approx(np.sqrt(3))
    low, high = found.county_interval[0] ** 2
    assert stats.chi2.cdf([4 / high, 4 / low], 2) == pytest.approx([0.025, 0.975])
    # Of two and two degrees of freedom chi-square's and F's quantiles are -2 ln(1 - p) and p / (1 - p).
    assert found.city_interval[0] == pytest.approx([0, np.sqrt((8 - 2 / 39) / 2 / -np.log(0.975))])
    assert repeats(growth, [2020, 2021, 2022]) == pytest.approx(0)
    assert np.isnan(repeats(growth * 0, [2020, 2021, 2022]))
    alternating = np.array([[[1.0, -1.0, 1.0, -1.0]]])
    assert repeats(alternating, [1, 2, 3, 4]) == repeats(alternating, [1, 2, 4, 5]) == pytest.approx(-1)
    assert np.isnan(repeats(growth, [2016, 2018, 2020]))


def test_counties_that_move_apart_have_no_common_part() -> None:
    found = components(np.array([[[1.0, -1.0, 1.0], [-1.0, 1.0, -1.0]]]))
    assert found.city < 0 and volatility(found.city) == 0 and found.city_interval[0, 0] == 0


def test_a_single_county_is_the_city() -> None:
    growth = np.random.default_rng(2).normal(size=(4, 1, 9))
    found = components(growth)
    np.testing.assert_allclose(found.city, np.cov(growth[:, 0]))
    assert not found.county.any() and not found.county_interval.any()
    of_three = components(np.array([[[-1.0, 0.0, 1.0]]]))  # a variance of 1, by two degrees of freedom
    assert of_three.city_interval[0] ** -2 == pytest.approx([-np.log(0.025), -np.log(0.975)])


def test_the_published_unit_has_the_volatilities_of_the_page() -> None:
    """docs/base-cases.md, Shocks: of one province-level unit, 2014-2022."""
    rows = table("unit_panel_2014_2022").pivot(index=["scheme", "item"], columns="year", values="value")
    cells = [(fund, item) for fund in ("employee", "resident") for item in ("revenue", "expenditure")]
    growth = np.diff(np.log(rows.loc[cells].to_numpy(float)))[:, None]
    found = volatility(components(growth).city)
    assert [f"{each:.1%}" for each in found] == ["6.8%", "5.3%", "15.0%", "11.5%"]


def test_correlations_can_be_simulated_with() -> None:
    usable = np.array(CORRELATION) * np.outer([1, 2, 3, 4], [1, 2, 3, 4])
    np.testing.assert_allclose(correlation(usable), CORRELATION, atol=1e-12)
    assert is_covariance(usable)
    beyond = np.array([[1.0, 1.4, 0.2], [1.4, 1.0, 0.1], [0.2, 0.1, -0.5]])
    found = correlation(beyond)
    assert not is_covariance(beyond) and np.linalg.eigvalsh(found)[0] == pytest.approx(0.01)
    assert (np.diag(found) == 1).all() and not found[2, :2].any() and 0.98 < found[0, 1] < 1
    # what hardly varies, and of which little is known, leaves the others' correlation nearly as it is
    poor = np.array([[1.0, 0.8, 0.02], [0.8, 1.0, -0.02], [0.02, -0.02, 1e-4]])
    assert not is_covariance(poor) and correlation(poor)[0, 1] == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize("years", [range(2015, 2022), (2015, 2016, 2018, 2019, 2022)])
def test_the_next_year_of_independent_years(years: Sequence[int]) -> None:
    growth = np.random.default_rng(3).normal(size=(20_000, 1, len(years)))
    assert repeats(growth, years).mean() == pytest.approx(-1 / (len(years) - 1), abs=0.01)


def test_rounding_is_no_volatility(tmp_path: Path) -> None:
    """Every county of the employee fund grows by 5 % a year, to the yuan."""
    level = {str(year): round(123_456_789 * 1.05 ** (year - 2015)) for year in range(2015, 2022)}
    rows = [
        ",".join([*row.split(",")[:3], str(level[row.split(",")[2]]), str(2 * level[row.split(",")[2]])])
        if "employee" in row
        else row
        for row in lines()
    ]
    both = api.calibrate(write(tmp_path, rows))
    alone = api.calibrate(write(tmp_path, [row for row in rows if "employee" not in row]))
    assert both == alone


def test_a_file_s_name_cannot_spoil_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    panel, out = write(tmp_path, lines()).rename(tmp_path / "a\x1b[31m\nb.csv"), tmp_path / "shocks.toml"
    assert fundsim(monkeypatch, "calibrate", panel, "--out", out) == 0
    assert tomllib.loads(out.read_text("utf-8")).keys() == {"shocks", "assumptions"}


def test_the_file_is_the_shocks_of_a_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    panel, out = write(tmp_path, lines()), tmp_path / "new" / "shocks.toml"
    assert fundsim(monkeypatch, "calibrate", panel, "--out", out, "--lang", "zh") == 0
    said, text = capsys.readouterr().out, out.read_text("utf-8")
    assert "市级波动率" in said and str(out) in said
    assert "# Employee fund, contributions: " in text and "# 职工医保收入" in text
    shocks = tomllib.loads(text)["shocks"]
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(f'extends = "taizhou"\n{text}', encoding="utf-8")
    assert not api.run(scenario, paths=128, years=1).empty
    statement, *others = load_scenario(scenario).file.assumptions
    digest = hashlib.sha256(panel.read_bytes()).hexdigest()
    assert "panel.csv: 2 counties, growth of 2016–2021 (6 rates)" in statement.en and digest in statement.en
    assert "panel.csv：2个县" in statement.zh and digest in statement.zh
    before = load_scenario("taizhou").file.assumptions
    gone = {line.id for line in before} - {line.id for line in others}
    assert gone == {"volatility", "correlation", "county-part"}
    assert fundsim(monkeypatch, "calibrate", panel, "--out", out) == 0  # what it wrote it may write again
    assert api.calibrate(panel) == shocks


def test_a_year_may_be_left_out(tmp_path: Path) -> None:
    rows = lines(range(2015, 2024))
    odd = [f"{row[: row.index(',2019,')]},2019,1,1e12" if ",2019," in row else row for row in rows]
    left_out = api.calibrate(write(tmp_path, odd), without=[2019])
    plain = write(tmp_path, rows)
    assert api.calibrate(plain, without=2019) == left_out != api.calibrate(plain)


def test_a_fund_that_is_not_there_does_not_vary(tmp_path: Path) -> None:
    both = api.calibrate(write(tmp_path, lines()))
    alone = api.calibrate(write(tmp_path, [row for row in lines() if "employee" not in row]))
    assert alone["city_volatility"] == [0, 0, *both["city_volatility"][2:]]
    assert alone["county_volatility"] == [0, 0, *both["county_volatility"][2:]]
    assert alone["city_correlation"][0] == [1, 0, 0, 0]


def test_a_county_s_correlation_is_the_mean_of_the_funds(tmp_path: Path) -> None:
    both = api.calibrate(write(tmp_path, lines()))["county_correlation"]
    alone = [
        api.calibrate(write(tmp_path, [row for row in lines() if fund not in row]))["county_correlation"]
        for fund in ("employee", "resident")
    ]
    assert both == pytest.approx(np.mean(alone), abs=1e-4) and alone[0] != alone[1]
    tied = [",".join([*row.split(",")[:4], row.split(",")[3]]) for row in lines()[1:]]
    assert api.calibrate(write(tmp_path, [HEAD, *tied]))["county_correlation"] == 0.99


def test_what_is_not_estimated_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of one county, one fund and the fewest years."""
    panel, out = write(tmp_path, lines(range(2015, 2019), ("甲县",))[:5]), tmp_path / "shocks.toml"
    assert fundsim(monkeypatch, "calibrate", panel, "--out", out) == 0
    said, text = " ".join(capsys.readouterr().out.split()), out.read_text("utf-8")
    for words in (
        "panel.csv: 1 county, growth of 2016–2018 (3 rates)",
        "about -0.50 where years are independent",
        "All growth of a single county is taken for the city's",
        "Resident fund: not in the panel; its volatilities stand as 0, not estimated.",
    ):
        assert words in said and words in text
    assert "面板数据没有城乡居民医保" in text and "面板数据没有职工医保" not in text


def changed(at: int, row: str) -> Callable[[list[str]], list[str]]:
    return lambda rows: [*rows[:at], row, *rows[at + 1 :]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (changed(2, "employee,甲县,2016,0,5"), "row 3, column contributions: expected an amount above 0"),
        (
            changed(2, "employee,甲县,2015,4,5"),
            "row 3, column year: expected each fund, county and year once",
        ),
        (changed(2, "workers,甲县,2016,4,5"), "row 3, column fund: expected a fund (employee, resident)"),
        (lambda rows: rows[:-1], "fund resident, county 乙市, year 2021: expected a row for every"),
        (lambda rows: [row for row in rows if ",2018," not in row], "year 2018: expected a row for every"),
        (lambda rows: rows[:1], "column year: expected 3 rates of yearly growth or more, found 0"),
        (changed(2, "employee,甲县,2016,4e14,5"), "expected amounts in one unit, found growth that gives"),
        (with_totals, "row 30, column county: expected a county, found 全市, a total"),
        (
            lambda rows: [row.replace("全市", "丙县") for row in with_totals(rows)],
            "fund employee, county 丙县: expected counties alone, found the sum of all others",
        ),
    ],
)
def test_a_panel_that_cannot_be(
    change: Callable[[list[str]], list[str]],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    panel, out = write(tmp_path, change(lines())), tmp_path / "shocks.toml"
    message = Refused(monkeypatch, capsys)("calibrate", panel, "--out", out)
    assert str(panel) in message and said in message
    assert not out.exists()


def test_other_refusals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    panel, refused = write(tmp_path, lines()), Refused(monkeypatch, capsys)
    mine = tmp_path / "mine.toml"
    for text in (
        'extends = "taizhou"\n',
        "[shocks]\nmonthly_volatility = [0.1, 0.1, 0.1, 0.1]\n",
        "shocks = 1\n",
        to_toml({"shocks": api.calibrate(panel), "assumptions": [{"id": "mine"}]}),
    ):
        mine.write_text(text, encoding="utf-8")
        assert "or one that calibrate wrote" in refused("calibrate", panel, "--out", mine)
        assert mine.read_text("utf-8") == text
    new = tmp_path / "new.toml"
    assert "--without: 1999" in refused("calibrate", panel, "--out", new, "--without", 1999)
    few = ["--without", 2017, "--without", 2019]
    assert "or more, found 2" in refused("calibrate", panel, "--out", new, *few)
