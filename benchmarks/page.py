"""A result's tables put into docs/benchmarks.md and docs/benchmarks.zh.md, between their markers.

Prose is written by hand; whatever stands between ``<!-- begin NAME -->`` and ``<!-- end NAME -->`` is
replaced.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scenarios.labels import Lang
from scenarios.output import new_files

PAGES: dict[str, Lang] = {"benchmarks.md": "en", "benchmarks.zh.md": "zh"}
BLOCK = re.compile(r"(<!-- begin (\w+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)
TO_CHINESE = (
    ("fundsim, whole model", "fundsim，完整模型"),
    ("naive numba", "numba朴素写法"),
    ("whole model, a run of 2,048 paths and 3 years", "完整模型，2,048条路径、3年"),
    ("W, eight blocks of paths", "W，八组路径"),
    ("generator: NumPy's Philox", "随机数：NumPy的Philox"),
    ("generator: Threefry4x32-13", "随机数：Threefry4x32-13"),
    ("normals from words, float32", "由随机字生成正态数，float32"),
    ("normals: NumPy's SFC64 and ziggurat, float32", "正态数：NumPy的SFC64与ziggurat，float32"),
    ("a month's words, normals, exponentials", "一个月的随机字、正态数与指数"),
    ("a month into the ledger", "一个月记账"),
    ("top-up, once a year", "年初补足，每年一次"),
    ("settlement, once a year", "清算，每年一次"),
    ("fundsim run, 1 thousand paths, empty kernel cache", "fundsim run，一千条路径，内核缓存为空"),
    ("fundsim run, 10 thousand paths, kernels in the cache", "fundsim run，一万条路径，内核已在缓存中"),
    ("first result in Python, empty kernel cache", "Python中得到首个结果，内核缓存为空"),
    ("fundsim run, 1 thousand paths, after a change of the kernels", "fundsim run，一千条路径，内核改动之后"),
    ("cost over paths", "用时与路径数"),
    ("cost over counties", "用时与县数"),
    ("cost over years", "用时与年数"),
    (" counties", "个县"),
    (" county", "个县"),
    (" paths", "条路径"),
    (" years", "年"),
    (" year", "年"),
    (" threads", "线程"),
    (" thread", "线程"),
    ("million 32-bit words/s", "百万个32位随机字/秒"),
    ("million normals/s", "百万个正态数/秒"),
    ("Mcfm/s", "百万县·基金·月/秒"),
    ("(not measured)", "（未测）"),
    (" cores used", "核可用"),
    (" GiB memory", " GiB内存"),
    ("commit ", "提交"),
    ("measured ", "测于"),
    (" rounds", "轮"),
    (", ", "，"),
)
HEADS: dict[str, tuple[str, str]] = {
    "name": ("", ""),
    "workload": ("fundsim's speed ÷ this one's", "fundsim速度÷该项速度"),
    "threads": ("all threads ÷ this one", "全部线程÷单线程"),
    "scaling": ("middle size's speed ÷ this one's", "中等规模速度÷该项速度"),
    "speed": ("speed", "速度"),
    "quartiles": ("quartiles", "四分位"),
    "value": ("measured", "实测"),
}


def write_pages(result: dict[str, Any], folder: Path) -> list[Path]:
    """Both pages, renamed into place together."""
    texts = {name: fill_in((folder / name).read_text("utf-8"), result, lang) for name, lang in PAGES.items()}
    with new_files(folder) as new:
        for name, text in texts.items():
            (new / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def fill_in(text: str, result: dict[str, Any], lang: Lang) -> str:
    """The text with every block made anew; KeyError for a marker that no table belongs to."""

    def block(match: re.Match[str]) -> str:
        return match[1] + BLOCKS[match[2]](result, lang) + "\n" + match[3]

    return BLOCK.sub(block, text)


def said(text: str, lang: Lang) -> str:
    """An entry's name or unit in the page's language."""
    if lang == "zh":
        for english, chinese in TO_CHINESE:
            text = text.replace(english, chinese)
    return text


def machine_line(result: dict[str, Any], lang: Lang) -> str:
    """Processor, cores, versions, commit, date."""
    facts = result["machine"]
    settings = result["settings"]
    parts = [
        f"{facts['processor']} ({' '.join(facts['vector_flags'])})",
        f"{facts['usable_cores']} cores used",
        f"{facts['memory_gib']} GiB memory",
        facts["system"],
        f"Python {facts['python']}",
        *(f"{name} {version}" for name, version in facts["packages"].items()),
        facts.get("compiler") or "",
        f"commit {facts['commit']}" if facts["commit"] else "",
        f"measured {result['measured']}",
        f"{settings['rounds']} rounds",
    ]
    lines = [said(", ".join(part for part in parts if part), lang)]
    for name, reason in result.get("missing", {}).items():
        lines.append(f"- {name} {said('(not measured)', lang)}: {reason}")
    return "\n".join(lines)


def table(head: str | None, *sections: str) -> Callable[[dict[str, Any], Lang], str]:
    """A maker of one table: with ``head`` the ratio comes first."""

    def make(result: dict[str, Any], lang: Lang) -> str:
        rows = [entry for entry in result["records"] if entry["section"] in sections]
        chinese = lang == "zh"
        heads = ["name", *([head] if head else []), "speed" if head or rows_are_speeds(rows) else "value"]
        heads.append("quartiles")
        lines = [f"| {' | '.join(HEADS[name][chinese] for name in heads)} |"]
        lines.append("| --- |" + " ---: |" * (len(heads) - 1))
        for row in rows:
            cells = [said(row["name"], lang)]
            if head:
                ratio = row["ratio"]
                bold = f"**{ratio['median']:.2f}** ({ratio['low']:.2f}–{ratio['high']:.2f})"
                cells.append("1" if ratio["reference"] == row["name"] else bold)
            cells += [f"{row['median']:g} {said(row['unit'], lang)}", f"{row['low']:g}–{row['high']:g}"]
            lines.append(f"| {' | '.join(cells)} |")
        return "\n".join(lines)

    return make


def rows_are_speeds(rows: list[dict[str, Any]]) -> bool:
    """Whether the unit is so many a second."""
    return all(row["unit"].endswith("/s") for row in rows)


BLOCKS: dict[str, Callable[[dict[str, Any], Lang], str]] = {
    "machine": machine_line,
    "workload": table("workload", "workload"),
    "threads": table("threads", "threads"),
    "cities": table(None, "cities"),
    "scaling_paths": table("scaling", "scaling in paths"),
    "scaling_counties": table("scaling", "scaling in counties"),
    "scaling_years": table("scaling", "scaling in years"),
    "straight_lines": table(None, "straight lines"),
    "cold_start": table(None, "cold start"),
    "memory": table(None, "memory"),
    "kernels": table(None, "kernels"),
}
