"""What commands show: tables and lines on standard output, how far they are on standard error."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, NoReturn, TextIO

if TYPE_CHECKING:
    from rich.console import Console

    from scenarios.errors import InputError
    from scenarios.labels import Lang
    from scenarios.runs.run import Progress

INTERRUPTED, TERMINATED = 130, 143
"""Exit status, as shells have it."""
QUIET_SECONDS = 15.0
"""Without a terminal no longer than this without a line, if anything is done."""
_WORDS: dict[str, tuple[str, str]] = {
    "making_ready": (
        "making the kernels ready (compiled on the first run)",
        "正在准备计算内核（首次运行需编译）",
    ),
    "paths": ("paths", "路径"),
    "scenarios": ("scenarios", "情景"),
    "left": (", {left} left", "，约剩{left}"),
    "done": ("{done:,} of {of:,} {what}", "已完成{what}{done:,}/{of:,}"),
    "as_it_is": ("as it is", "现值"),
    "interrupted": ("interrupted, nothing written", "已中断，未写出任何文件"),
    "interrupted_after": ("interrupted; what is complete lies in {out}", "已中断；{out}中的结果已完整写出"),
    "memory": ("out of memory: {said}", "内存不足：{said}"),
    "no_room": (
        "no room to write ({reason}); no result is left half-written",
        "没有空间可写（{reason}）；没有留下写到一半的结果",
    ),
    "fault": ("{said}", "输入有误。所在：{where}。说明：{expected}"),
}
"""Key -> (English, Chinese)."""


def words(key: str, lang: Lang, **values: object) -> str:
    """What a command says of itself, in one language."""
    return _WORDS[key][lang == "zh"].format(**values)


def asked_language(arguments: Sequence[str]) -> Lang:
    """The language that a command line asks for, known before and after the command itself runs."""
    return "zh" if "--lang=zh" in arguments or ("--lang", "zh") in pairwise(arguments) else "en"


def refused(error: InputError, lang: Lang) -> str:
    """A user's mistake in a line: where it is, and what was expected there (in English)."""
    where = "：".join(part for part in (error.file, error.place) if part)
    return words("fault", lang, said=error, where=where, expected=error.expected)


def console() -> Console:
    """A console as wide as the terminal, 80 columns at least, for figures cannot be cut; 100 without one."""
    from rich.console import Console

    screen = Console(markup=False, emoji=False)  # no word of ours has any, and a name is shown as it is
    screen.width = max(80, screen.width) if sys.stdout.isatty() else 100
    return screen


def say(lines: Iterable[object]) -> None:
    """Lines as they are, such as the names of files."""
    for line in lines:
        print(line)


def aside(line: str) -> None:
    """A line on standard error; where that cannot be written, the work goes on and nothing is said there."""
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        _mute(sys.stderr)


def _mute(stream: TextIO) -> None:
    """What the stream still holds goes nowhere, and whatever comes after it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class progress_on:  # noqa: N801 - used as a context manager
    """A progress bar on a terminal; without one a line each tenth and every 15 seconds; on standard error."""

    def __init__(self, lang: Lang, what: str = "paths") -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        self.console = Console(stderr=True)
        self.bar = (
            Progress(
                *(words(what, lang), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()),
                console=self.console,
                transient=True,
            )
            if self.console.is_terminal
            else None
        )
        self.task = self.bar.add_task(words(what, lang), total=None) if self.bar else None
        self.lines = ProgressLines(lang, what)

    def __enter__(self) -> Progress:
        if self.bar:
            self.bar.start()
        return self.report

    def __exit__(self, *_: object) -> None:
        if self.bar:
            self.bar.stop()

    def report(self, done: int, of: int) -> None:
        """Show that ``done`` of so many are simulated; 0 while the kernels are made ready."""
        if self.bar and self.task is not None:
            self.bar.update(self.task, completed=done, total=of)
        elif line := self.lines.after(done, of, time.monotonic()):
            aside(line)


class ProgressLines:
    """When to say how far a command is, and what: the numbers, and from their pace the time that is left."""

    def __init__(self, lang: Lang, what: str) -> None:
        self.lang, self.what = lang, words(what, lang)
        self.tenths, self.said = 0, float("-inf")
        self.first: tuple[int, float] | None = None
        """Done, and when: the first report, from which the pace is taken."""

    def after(self, done: int, of: int, now: float) -> str | None:
        """The line for a report at a time in seconds, if there is one to print."""
        if done == 0:
            return words("making_ready", self.lang)
        if self.first is None:
            self.first, self.said = (done, now), now
        tenths = done * 10 // of
        if tenths <= self.tenths and now - self.said < QUIET_SECONDS:
            return None
        self.tenths, self.said = tenths, now
        said = words("done", self.lang, done=done, of=of, what=self.what)
        return said + self._left(done, of, now)

    def _left(self, done: int, of: int, now: float) -> str:
        assert self.first is not None
        before, since = self.first
        if not before < done < of:
            return ""
        seconds = (now - since) / (done - before) * (of - done)
        if seconds < 1.0:
            return ""

        from scenarios.runs.bench import duration

        return words("left", self.lang, left=duration(seconds, self.lang))


@contextmanager
def steps_on() -> Iterator[Callable[[str], None]]:
    """What was done last, behind a spinner on a terminal, a line each without one; on standard error."""
    from rich.console import Console

    screen = Console(stderr=True)
    if not screen.is_terminal:
        yield aside
        return
    with screen.status("") as status:
        yield status.update


def leave(status: int, said: str = "") -> NoReturn:
    """End at once, with a last word where it was interrupted: threads may still be inside compiled code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _mute(stream)
    if status == INTERRUPTED:
        aside(f"fundsim: {said}")
    os._exit(_interrupted if status == INTERRUPTED else status)


_interrupted = INTERRUPTED


def end_like_an_interrupt() -> None:
    """From here on SIGTERM ends the program as Ctrl-C does, but for the status: no file is left over."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:  # a caller may have it ignored
        signal.signal(signal.SIGTERM, _terminated)


def _terminated(*_: object) -> NoReturn:
    global _interrupted
    _interrupted = TERMINATED
    raise KeyboardInterrupt
