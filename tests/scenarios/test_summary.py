"""The terminal summary: its figures in both languages, at 80 and 120 columns, without a terminal."""

from __future__ import annotations

import io
import math
from string import Formatter

import pandas as pd
import pytest
from made_up import BASE, COUNTIES, make_facts, make_metrics
from rich.cells import cell_len
from rich.console import Console
from scipy.stats import binomtest

from scenarios import labels
from scenarios.labels import wrap
from scenarios.pictures import captions
from scenarios.questions import question_words, study_words
from scenarios.reports import words as report_words
from scenarios.rulebook import words as rule_words
from scenarios.runs.facts import MetricsIndex, wilson
from scenarios.runs.summary import hundred_millions, percent, print_summary


@pytest.fixture(scope="module")
def metrics():
    return make_metrics(years=12, paths=400)


@pytest.fixture
def facts():
    return make_facts(years=12, paths=400)


def printed(metrics, facts, lang="en", width=80, **options):
    out = io.StringIO()
    print_summary(metrics, facts, Console(file=out, width=width, **options), lang)
    return out.getvalue()


@pytest.mark.parametrize("n", [1, 7, 400, 100_000])
@pytest.mark.parametrize("share", [0.0, 0.003, 0.2, 0.5, 0.97, 1.0])
def test_wilson_is_scipys(n, share):
    hits = round(share * n)
    low, high = binomtest(hits, n).proportion_ci(method="wilson")
    assert wilson(hits / n, n) == pytest.approx((low, high), abs=1e-12)


def test_wilson_is_never_nothing():
    assert wilson(0.0, 10_000)[1] > 3e-4
    assert wilson(1.0, 10_000)[0] < 1 - 3e-4
    assert all(math.isnan(end) for end in (*wilson(math.nan, 10), *wilson(0.1, 0)))


def test_the_tail_has_one_name_in_chinese():
    said = labels.label("tvar95", "zh"), report_words.phrase("heading:tvar95", "zh")
    assert {*said, study_words.statistic_words("tvar95", "zh")} == {"最差5%均值"}


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_shows_the_figures_at_any_width(metrics, facts, lang, width):
    text = printed(metrics, facts, lang, width)
    assert max(cell_len(line.rstrip()) for line in text.splitlines()) <= width
    assert "\x1b" not in text
    assert "…" not in text  # nothing was cut off
    for fund, base in BASE.items():
        rows = MetricsIndex(metrics).yearly(fund, "event:reserve_depletion", "probability")
        low, high = wilson(rows.value[-1], 400)
        assert f"[{100 * low:.2f}–{100 * high:.2f}]" in text or f"[{100 * low:.1f}–{100 * high:.1f}]" in text
        for metric in ("event:below_3_months", "months_of_capacity"):
            statistic = "probability" if metric.startswith("event") else "p50"
            shown = MetricsIndex(metrics).yearly(fund, metric, statistic).value[-1]
            assert (f"{shown:.1f}" if statistic == "p50" else f"{100 * shown:.1f}%") in text
        yearly_mean = MetricsIndex(metrics).yearly(fund, "outlay:city_treasury", "mean").value[-1]
        assert percent(yearly_mean / base) in text
        for statistic in ("mean", "p50", "p95", "tvar95"):
            total = MetricsIndex(metrics).horizon(fund, "outlay:county_treasury:discounted", statistic)
            assert f"{hundred_millions(total)} ({percent(total / base)})" in text
    for year in (2022, 2023, 2024, 2026, 2031, 2033):
        assert str(year) in text
    for needed in ("400", "3.0%", "Wilson", *COUNTIES):
        assert needed in text


@pytest.mark.parametrize(
    ("lang", "needed"),
    [
        (
            "en",
            [
                "Scenario base",
                "Taizhou",
                "seed 1",
                "Constructed base case",
                "No policy response",
                "same year's",
            ],
        ),
        ("zh", ["情景“base”", "台州市", "随机种子1", "构造数据", "未设政策响应", "当年度基金支出", "亿元"]),
    ],
)
def test_says_what_it_rests_on(metrics, facts, lang, needed):
    text = printed(metrics, facts, lang, 300)
    for words in needed:
        assert words in text


@pytest.mark.parametrize(("lang", "words"), [("en", "from −120 to 240"), ("zh", "−120至240")])
def test_months_that_are_not_told_apart_are_explained(metrics, facts, lang, words):
    assert words not in printed(metrics, facts, lang, 200)
    at_end = (metrics["metric"] == "months_of_capacity") & (metrics["statistic"] == "p95")
    capped = metrics.assign(value=metrics["value"].mask(at_end, 240.0))
    assert words in printed(capped, facts, lang, 200)


def test_says_no_more_than_is_so(metrics, facts):
    notes = {"en": ["Ends [2025]."], "zh": []}
    text = printed(metrics, facts | {"constructed": False, "response": (0.2, 0.0), "notes": notes})
    assert "Constructed" not in text
    assert "No policy response (Resident fund)" in text
    assert "Ends [2025]." in text
    assert "Arrears" not in text
    assert "Unfunded" not in text
    short = make_metrics(years=3, paths=50)
    assert "No policy response" not in printed(short, make_facts(years=3))


@pytest.mark.parametrize(
    ("lang", "rows"), [("en", ("city: all…none", "counties: none…all")), ("zh", ("全部…不担",))]
)
def test_the_unfunded_bill_is_a_range_where_shares_are_delegated(lang, rows):
    metrics = make_metrics(funds=("employee",), years=8, paths=200, delegated=True, drift=(-0.03,))
    own = {"years": 8, "base_claims_yuan": {"employee": BASE["employee"]}}
    text = printed(metrics, make_facts(**own, delegated_sharing={"employee": True}), lang)
    bill = hundred_millions(MetricsIndex(metrics).yearly("employee", "unfunded", "mean").value[-1])
    for needed in (*rows, f"{bill} … 0", f"0 … {bill}"):
        assert needed in text
    assert max(cell_len(line.rstrip()) for line in text.splitlines()) <= 80
    assert rows[0] not in printed(metrics, make_facts(**own), lang)


def test_counties_stand_from_gain_to_loss_and_a_long_list_is_cut(metrics, facts):
    text = printed(metrics, facts | {"county_names": {"三门县": "Sanmen"}})
    section = text.split("Employee fund: gains")[1]
    assert section.index("Sanmen") < section.index("温岭市") < section.index("市本级")
    nets = metrics[metrics["metric"] == "pool_net"]
    copies = [nets.assign(county=nets["county"] + str(copy)) for copy in range(2)]
    text = printed(pd.concat([metrics, *copies]), facts)
    assert "… 10 counties between" in text
    assert text.count("三门县") == 6


def test_what_the_city_paid_for_a_county_stands_beside_it(metrics, facts):
    paid = metrics[(metrics["metric"] == "outlay:county_treasury:discounted") & (metrics["county"] != "*")]
    table = pd.concat([metrics, paid.assign(metric="outlay:city_treasury:discounted")])
    text = printed(table, facts)
    assert "City treasury" in text.split("gains and payments")[1]
    assert max(cell_len(line.rstrip()) for line in text.splitlines()) <= 80


def test_a_table_read_back_from_csv_is_the_same(metrics, facts, tmp_path):
    metrics.to_csv(tmp_path / "metrics.csv", index=False)
    assert printed(pd.read_csv(tmp_path / "metrics.csv"), facts) == printed(metrics, facts)


def test_two_scenarios_are_refused(metrics, facts):
    both = pd.concat([metrics, metrics.assign(scenario="other")])
    with pytest.raises(ValueError, match="one scenario at a time"):
        printed(both, facts)


@pytest.mark.parametrize(
    ("yuan", "words"),
    [(1.234e9, "12.3"), (1.234e11, "1,234"), (0, "0"), (4.5e5, "0.0045"), (-7.64e7, "-0.76")],
)
def test_money_in_words(yuan, words):
    assert hundred_millions(yuan) == words


@pytest.mark.parametrize(
    ("share", "words"),
    [(0, "0%"), (1e-6, "<0.01%"), (0.0052, "0.52%"), (0.023, "2.3%"), (0.123, "12%"), (2.5, "250%")],
)
def test_shares_in_percent(share, words):
    assert percent(share) == words


def test_lines_break_between_words_and_chinese_characters_but_in_no_figure() -> None:
    assert wrap("概率（95%区间9.92%—15.45%）。", 20) == ["概率（95%区间", "9.92%—15.45%）。"]
    assert wrap("a word of English", 10) == ["a word of", "English"]
    assert wrap("结余耗尽，概率", 8) == ["结余耗尽，", "概率"]
    assert wrap("0123456789", 4) == ["0123", "4567", "89"]


TABLES = (
    *(labels._LABELS, captions._CAPTIONS, question_words._WORDS),
    *(study_words._PHRASES, report_words._PHRASES, rule_words._WORDS),
)


@pytest.mark.parametrize("table", TABLES)
def test_both_languages_name_the_same_figures(table: dict[str, tuple[str, str]]) -> None:
    for key, texts in table.items():
        english, chinese = ({name for _, name, _, _ in Formatter().parse(text) if name} for text in texts)
        assert english - {"s"} == chinese, key  # an English plural alone
