"""The figures of docs/validation.md and docs/validation.zh.md, computed: ``python tests/validation_page.py``.

Prose is written by hand; whatever stands between ``<!-- begin NAME -->`` and ``<!-- end NAME -->`` is
replaced.  The pages' figures are the same on every machine, for the same seed gives the same numbers.
"""

from __future__ import annotations

import math
import sys
import tomllib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402 - run as a script this file finds the project first
from closed_forms import CLAIMS_VOLATILITY, depletion_by_year_two, flows, one_county  # noqa: E402

from benchmarks.page import BLOCK  # noqa: E402
from scenarios.labels import Lang  # noqa: E402
from scenarios.output import new_files  # noqa: E402
from scenarios.rulebook.city import builtin_cities, builtin_templates, load_city  # noqa: E402
from sim.rare import rare_event  # noqa: E402
from sim.simulate import simulate  # noqa: E402

PAGES: dict[str, Lang] = {"validation.md": "en", "validation.zh.md": "zh"}
PATHS, RARE_PATHS, SEED, RARE_DISTANCE = 100_000, 10_000, 1, 4.5


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; the first column is text, the others are figures."""
    lines = [list(head), ["---", *["---:"] * (len(head) - 1)], *([str(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def golden(lang: Lang) -> str:
    """Cases worked out by hand, and the figures they expect, by file."""
    rows: list[list[object]] = []
    for path in sorted((ROOT / "tests" / "golden").glob("*.toml")):
        cases = tomllib.loads(path.read_text("utf-8"))["case"]
        entries = sum(len(case["ledger"]) + len(case.get("plain", [])) for case in cases)
        rows.append([f"`{path.name}`", len(cases), entries, sum(len(case["balances"]) for case in cases)])
    total = [sum(int(str(row[i])) for row in rows) for i in (1, 2, 3)]
    if lang == "zh":
        return table(("文件", "例", "台账行", "余额"), [*rows, ["合计", *total]])
    return table(("file", "cases", "ledger rows", "balances"), [*rows, ["all", *total]])


def twin(lang: Lang) -> str:
    """How many ways each city's text can be read, all of which the twin must agree with."""
    rows = []
    for name in (*builtin_cities(), *builtin_templates()):
        names = [reading.names for reading in load_city(name).readings.values()]
        rows.append([f"`{name}`", len(names), f"{math.prod(map(len, names)):,}"])
    head = ("规则", "解读", "组合") if lang == "zh" else ("rules", "readings", "combinations")
    return table(head, rows)


def closed(lang: Lang) -> str:
    """Closed forms beside simulated figures, with the distance in standard errors."""
    english = (
        "mean reserves after 2 years, m yuan",
        "depleted by year 1",
        "depleted by year 2",
        "another pool: depleted by year 1",
        "another pool: depleted by year 2",
    )
    chinese = (
        "两年后平均结余（百万元）",
        "第1年耗尽",
        "两年内耗尽",
        "另一期初额：第1年耗尽",
        "另一期初额：两年内耗尽",
    )
    rows = []
    for name, (exact, found, error) in zip(chinese if lang == "zh" else english, figures(), strict=True):
        rows.append([name, *(f"{x:.4g}" for x in (exact, found, error)), f"{(found - exact) / error:+.1f}"])
    head = (
        ("", "公式", "模拟", "标准误", "相差（标准误）")
        if lang == "zh"
        else ("", "formula", "simulated", "standard error", "apart, in standard errors")
    )
    return table(head, rows)


def figures() -> list[tuple[float, float, float]]:
    """(formula, simulated, standard error) of each row of ``closed``."""
    case = one_county(2, pool_yuan=0.0)
    result = simulate(case, paths=PATHS, seed=SEED)
    held, contributions, claims = flows(case)
    growth = np.exp(CLAIMS_VOLATILITY**2 / 2 * np.array([1, 2]))
    keys = [(key.metric, key.county, key.year) for key in result.series.keys]
    _, mean, squares = result.moments[keys.index(("reserves", -1, 1))][:3]
    error = math.sqrt(squares / (PATHS - 1) / PATHS)
    rows = [(float(x) / 1e6 for x in (held + contributions.sum() - (claims * growth).sum(), mean, error))]
    for year, exact in enumerate(depletion_by_year_two(case)):
        found = result.events[0, 0, : year + 1].sum() / PATHS
        rows.append(iter((exact, found, math.sqrt(found * (1 - found) / PATHS))))
    pool = float(claims[0] * np.exp(CLAIMS_VOLATILITY * RARE_DISTANCE) - contributions[0] - held)
    case = one_county(2, pool_yuan=pool)
    rare = rare_event(case, "reserve_depletion", paths=RARE_PATHS, seed=SEED)
    for year, exact in enumerate(depletion_by_year_two(case)):
        rows.append(iter((exact, float(rare.probability[0, year]), float(rare.error[0, year]))))
    return [(a, b, c) for a, b, c in rows]


BLOCKS: dict[str, Callable[[Lang], str]] = {"golden": golden, "twin": twin, "closed": closed}


def filled(text: str, lang: Lang) -> str:
    """The page with every block made anew; KeyError for a marker that no table belongs to."""
    return BLOCK.sub(lambda at: at[1] + BLOCKS[at[2]](lang) + "\n" + at[3], text)


if __name__ == "__main__":
    with new_files(ROOT / "docs") as folder:
        for page, spoken in PAGES.items():
            (folder / page).write_text(filled((ROOT / "docs" / page).read_text("utf-8"), spoken), "utf-8")
