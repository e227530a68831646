"""A small data directory of two funds, three counties and two years, the command on it, ways to damage it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from command_line import fundsim

Damage = Callable[[Path], object]
FUNDS = ("employee", "resident")
COUNTIES = ("A", "B", "M")
YEARS = (2022, 2023)
SIZE = {"A": 120.0, "B": 60.0, "M": 36.0}
"""Claims of the base year, in ten thousand yuan."""


def lines(city: str = "taizhou") -> dict[str, list[str]]:
    """The four files, line by line; ziyang's has a risk fund, taizhou's a municipal reserve."""
    opening, monthly = ["fund,county,account,amount"], ["fund,county,year,month,contributions,claims"]
    annual = [
        "fund,county,year,enrolment,revenue_budget,expenditure_budget,excellent,attributable_deficit,recoveries"
    ]
    for fund in FUNDS:
        for county, size in SIZE.items():
            claims = size * 1e4
            account = "opening_deficit" if (fund, county) == ("resident", "B") else "county_balance"
            opening += [
                f"{fund},{county},{account},{claims / 5}",
                f"{fund},{county},base_claims,{claims}",
                f"{fund},{county},base_contributions,{claims * 1.01}",
                f"{fund},{county},arrears_government,{claims / 40}",
                f"{fund},{county},arrears_insured,{claims / 80}",
            ]
            for y, year in enumerate(YEARS):
                growth = 1 + 0.05 * (y + 1)
                for month in range(1, 13):
                    season = 1 + 0.1 * ((month * 5) % 12 - 5) / 6
                    got = claims / 12 * growth * (1.2 if county == "B" else 0.8)
                    monthly.append(
                        f"{fund},{county},{year},{month},{got:.2f},{claims / 12 * season * growth:.2f}"
                    )
                budget = f"{claims * growth * 0.9:.2f}" if county == "A" else ""
                annual.append(
                    f"{fund},{county},{year},{size * 10:.0f},{budget},,{int(county != 'B')},,1000.5"
                )
        opening.append(f"{fund},*,pool,100000.25")
        if city == "ziyang":
            opening.append(f"{fund},*,risk_fund,5000")
    if city == "taizhou":
        opening.append("employee,*,municipal_reserve,30000")
    counties = ["county,city_level", "M,1"]
    return {"opening.csv": opening, "monthly.csv": monthly, "annual.csv": annual, "counties.csv": counties}


def make(folder: Path, city: str = "taizhou") -> Path:
    """Write the directory."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in lines(city).items():
        (folder / name).write_text("\n".join(text) + "\n", encoding="utf-8", newline="")
    return folder


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str


class Command:
    """``fundsim`` in this process."""

    def __init__(self, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self.patch, self.capture = patch, capture

    def __call__(self, *words: str | Path) -> Ended:
        self.capture.readouterr()
        return Ended(fundsim(self.patch, *words), *self.capture.readouterr())

    def replay(self, city: str, data: Path, out: Path, more: Sequence[str] = ()) -> Ended:
        """``fundsim replay``."""
        return self("replay", city, data, "--out", out, *more)


def check_refused(ended: Ended, out: Path, file: Path | str, place: str, words: str) -> None:
    """Status 2, one line that names the file and the place, nothing written."""
    status, stdout, err = ended
    assert (status, stdout) == (2, ""), err
    start = f"fundsim: {file}: {place}: " if place else f"fundsim: {file}: "
    assert err.startswith(start), err
    assert words in err
    assert err.count("\n") == 1 and err.endswith("\n") and "Traceback" not in err
    assert not out.exists()


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def whole(content: str | bytes) -> Damage:
    """The file has this content."""
    return lambda path: path.write_bytes(content if isinstance(content, bytes) else content.encode())


def swap(old: str, new: str) -> Damage:
    """The first ``old`` becomes ``new``."""

    def damage(path: Path) -> None:
        assert old in text(path)
        path.write_text(text(path).replace(old, new, 1), encoding="utf-8")

    return damage


def swap_all(old: str, new: str) -> Damage:
    """Every ``old`` becomes ``new``."""
    return lambda path: path.write_text(text(path).replace(old, new), encoding="utf-8")


def add(line: str) -> Damage:
    """One more line at the end."""
    return lambda path: path.write_text(text(path) + line + "\n", encoding="utf-8")


def without(part: str) -> Damage:
    """Lines with ``part`` are missing."""

    def damage(path: Path) -> None:
        kept = [line for line in text(path).splitlines() if part not in line]
        assert len(kept) < len(text(path).splitlines())
        path.write_text("\n".join(kept), encoding="utf-8")

    return damage


def column(name: str, new: str | None) -> Damage:
    """A column is renamed, or left out."""

    def damage(path: Path) -> None:
        rows = [line.split(",") for line in text(path).splitlines()]
        at = rows[0].index(name)
        for row in rows:
            row[at : at + 1] = [] if new is None else [row[at]]
        if new is not None:
            rows[0][at] = new
        path.write_text("\n".join(map(",".join, rows)), encoding="utf-8")

    return damage


def gone(path: Path) -> None:
    path.unlink()


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()
