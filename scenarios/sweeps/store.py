"""What a sweep keeps: nothing that is finished is ever computed again, whatever ended the program.

    study.json                       what was swept, and the SHA-256 of every finished part
    scenarios.parquet                one row a scenario
    rules/                           copies of rules files of one's own
    metrics.parquet/part-NNNNN.parquet   the rows of PART scenarios in the study's order
    unfinished.sqlite                rows of finished scenarios whose part is not complete; gone at the end
    speed.json                       what it took, written by ``sweep``

A part is written under a temporary name, renamed, entered in study.json, and only then its scenarios leave
the journal.  So a kill at any moment leaves each finished scenario in the journal or in a part, and the files
at the end are the same bytes as without one.  SQLite's exclusive lock, which the system lets go when a
process ends, keeps two sweeps out of one folder.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scenarios.errors import InputError
from scenarios.output import replacing, sha256, write_json
from scenarios.sweeps.rows_bytes import from_bytes, write_part
from scenarios.sweeps.study_files import FORMAT, RULES, copy_name

PART = 200
"""Scenarios in a part."""
STUDY, SCENARIOS, METRICS, JOURNAL = "study.json", "scenarios.parquet", "metrics.parquet", "unfinished.sqlite"
SPEED = "speed.json"
GO_ON = "nothing that was finished is lost: {what}, and the same command goes on"


class Store:
    """A sweep's folder, locked as long as this is open."""

    def __init__(self, out: Path, study: Mapping[str, Any], ids: Sequence[str], fresh: bool) -> None:
        """``study``: what study.json says beside its parts.  InputError for another sweep's folder."""
        self.out, self.ids, self.study = out, ids, dict(study)
        with _clear(out):
            (out / METRICS).mkdir(parents=True, exist_ok=True)
            new = not (out / JOURNAL).exists()
            self._journal = _open(out / JOURNAL)
            try:
                if fresh:
                    self._forget()
                self.parts = self._known_parts()
                self.done = {n for k in self.parts for n in self._numbers(k)} | self._waiting()
            except BaseException:
                self.close()
                if new:
                    (out / JOURNAL).unlink()
                raise
            for left in (*out.glob(".writing-*"), *(out / METRICS).glob(".writing-*")):
                shutil.rmtree(left)  # of a program that was killed

    def keep(self, number: int, rows: bytes) -> None:
        """A finished scenario's rows; writes its part where it is the last one missing."""
        with _clear(self.out):
            with self._journal:
                self._journal.execute("INSERT INTO rows VALUES (?, ?, ?)", (number, zlib.crc32(rows), rows))
            self.done.add(number)
            part = number // PART
            if all(n in self.done for n in self._numbers(part)):
                self._write(part)

    def finish(self) -> None:
        """All scenarios are there: the journal goes."""
        assert len(self.parts) == -(-len(self.ids) // PART)
        self.close()
        (self.out / JOURNAL).unlink(missing_ok=True)

    def begin(self, scenarios: Any, rules: Mapping[str, bytes]) -> None:
        """Write what is known beforehand: study.json, the table of scenarios, copies of rules files; complete
        parts too."""
        from pyarrow.parquet import write_table

        with _clear(self.out):
            with replacing(self.out) as folder:
                write_table(scenarios, folder / SCENARIOS)
            for name, content in rules.items():
                (self.out / RULES).mkdir(exist_ok=True)
                with replacing(self.out / RULES) as folder:
                    (folder / name).write_bytes(content)
            self._write_study()
            for part in range(-(-len(self.ids) // PART)):
                numbers = self._numbers(part)
                if part not in self.parts and all(n in self.done for n in numbers):
                    self._write(part)

    def close(self) -> None:
        """Let go of the folder."""
        self._journal.close()

    def _numbers(self, part: int) -> range:
        return range(part * PART, min((part + 1) * PART, len(self.ids)))

    def _write(self, part: int) -> None:
        numbers = self._numbers(part)
        found = self._journal.execute(
            "SELECT crc, rows FROM rows WHERE number BETWEEN ? AND ? ORDER BY number",
            (numbers[0], numbers[-1]),
        ).fetchall()
        with replacing(self.out / METRICS) as folder:
            file = folder / part_name(part)
            write_part(file, [self.ids[n] for n in numbers], [from_bytes(rows) for _, rows in found])
            digest = sha256(file)
        self.parts[part] = digest
        self._write_study()
        with self._journal:
            self._journal.execute("DELETE FROM rows WHERE number BETWEEN ? AND ?", (numbers[0], numbers[-1]))

    def _write_study(self) -> None:
        parts = {part_name(part): digest for part, digest in sorted(self.parts.items())}
        with replacing(self.out) as folder:
            write_json(folder / STUDY, {**self.study, "parts_sha256": parts})

    def _known_parts(self) -> dict[int, str]:
        """Part -> SHA-256 of those that are there, as study.json says; a missing one is made again."""
        path = self.out / STUDY
        if not path.exists():
            if self._waiting() or any((self.out / METRICS).glob("part-*.parquet")):
                expected = (
                    "is missing, and without it nobody knows what the figures here are of: take another"
                )
                raise InputError(path, "", f"{expected} --out, or --fresh to start over")
            return {}
        before = read_study(self.out)
        known = {int(name[5:10]): digest for name, digest in before.pop("parts_sha256").items()}
        check_same(path, before, self.study)
        there = {}
        for part, digest in known.items():
            file = self.out / METRICS / part_name(part)
            if file.exists():
                if sha256(file) != digest:
                    raise InputError(file, "", "damaged: remove it, and the same command makes it again")
                there[part] = digest
        return there

    def _waiting(self) -> set[int]:
        """Scenarios in the journal; a row that is not whole is left out."""
        damaged, whole = [], set()
        for number, crc, rows in self._journal.execute("SELECT number, crc, rows FROM rows"):
            if zlib.crc32(rows) == crc:
                whole.add(number)
            else:
                damaged.append((number,))
        with self._journal:
            self._journal.executemany("DELETE FROM rows WHERE number = ?", damaged)
        return whole

    def _forget(self) -> None:
        with self._journal:
            self._journal.execute("DELETE FROM rows")
        parts = (self.out / METRICS).glob("part-*.parquet")
        known = (self.out / name for name in (STUDY, SCENARIOS, SPEED))
        for file in (*self._copies(), *known, *parts):  # study.json, which lists the copies, after them
            file.unlink(missing_ok=True)

    def _copies(self) -> list[Path]:
        """Copies of rules files that the sweep before this one made, and that this one does not read.

        The folder may hold the user's own files too, and rules/ with it.
        """
        try:
            listed = json.loads((self.out / STUDY).read_text("utf-8"))["rules_files"].values()
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return []  # what cannot be told to be a copy stays
        needed = {digest[:12] for digest in self.study.get("inputs_sha256", {}).values()}
        there = (self.out / RULES / Path(str(name)).name for name in listed)
        return [
            file
            for file in there
            if file.is_file() and file.name == copy_name(sha256(file)) and file.stem not in needed
        ]


def part_name(part: int) -> str:
    """``part-00000.parquet``."""
    return f"part-{part:05d}.parquet"


def read_study(out: Path) -> dict[str, Any]:
    """study.json; InputError where there is none, none that can be read, or one of another format."""
    path = out / STUDY
    try:
        study = json.loads(path.read_text("utf-8"))
        if study["format"] != FORMAT:
            known = f"format {FORMAT}, found format {study['format']!s:.20} of {_short(study.get('program'))}"
            raise InputError(path, "", f"expected {known}: take another --out, or --fresh to start over")
        if isinstance(study["parts_sha256"], dict):
            return dict(study)
    except OSError as error:
        raise InputError(path, "", f"expected a finished sweep ({error.strerror})") from None
    except (ValueError, KeyError, TypeError):
        pass
    raise InputError(path, "", "damaged: sweep again with --fresh, or into another --out")


def check_same(path: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """InputError that names what is no longer as it was, key by key."""
    old, new = dict(_flat(before)), dict(_flat(json.loads(json.dumps(now))))
    changed = [
        f"{key} was {_short(old.get(key))}, is {_short(new.get(key))}"
        for key in {**new, **old}
        if old.get(key) != new.get(key) and key not in ("scenarios", "scenarios_sha256")
    ]
    changed = changed or [f"{key} is another" for key in ("scenarios_sha256",) if old != new]
    if changed:
        more = [f"{len(changed) - 4} more"] if len(changed) > 4 else []
        said = "; ".join([*changed[:4], *more])
        raise InputError(path, "", f"{said}. Take another --out, or --fresh to start over")


def _flat(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{at}.{key}".lstrip("."))
    elif isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        for n, inner in enumerate(value, 1):
            yield from _flat(inner, f"{at}.{inner.get('name', n)}")
    else:
        yield at, value


def _short(value: Any) -> str:
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _open(path: Path) -> sqlite3.Connection:
    """The journal, locked; InputError where another sweep has it."""
    journal = sqlite3.connect(path, timeout=0.0)
    try:
        journal.execute("PRAGMA page_size=32768")  # rows are long: half the time of the usual 4096
        journal.execute("PRAGMA locking_mode=EXCLUSIVE")
        journal.execute("PRAGMA journal_mode=WAL")
        journal.execute("PRAGMA synchronous=NORMAL")
        with journal:
            journal.execute(
                "CREATE TABLE IF NOT EXISTS rows (number INTEGER PRIMARY KEY, crc INTEGER, rows BLOB)"
            )
    except sqlite3.Error:
        journal.close()
        raise
    return journal


@contextmanager
def _clear(out: Path) -> Iterator[None]:
    """What SQLite and the system say, in one message."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise InputError(
                out, "--out", "another sweep is writing here: wait for it, or take another"
            ) from None
        where, what = out, GO_ON.format(what="make room or let it be written")
        raise InputError(where, "--out", f"could not be written ({error}); {what}") from None
    except sqlite3.DatabaseError as error:
        again = "remove it: what is in finished parts stays, the same command makes the rest again"
        raise InputError(out / JOURNAL, "", f"damaged ({error}); {again}") from None
    except OSError as error:
        what = GO_ON.format(what="make room or let it be written")
        reason = error.strerror or str(error)
        raise InputError(error.filename or out, "--out", f"could not be written ({reason}); {what}") from None
