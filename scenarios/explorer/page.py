"""The page: selectors, the picture and the figures of the scenario chosen; and its server on this machine."""

from __future__ import annotations

import socket
from collections.abc import Callable
from functools import lru_cache
from html import escape
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.errors import InputError
from scenarios.explorer.choices import narrowed
from scenarios.explorer.names import address_name, value_name
from scenarios.explorer.numbers import html_table, main_figures
from scenarios.explorer.results import Results, Shown
from scenarios.labels import Lang
from scenarios.rulebook.words import word
from scenarios.runs.facts import funds_of

if TYPE_CHECKING:
    import panel as pn

HOST = "127.0.0.1"
FONT, FONTS = "Fundsim Sans SC", "fonts"
"""The Chinese font that the page brings, and where the server has it."""
PAGE = Path(__file__).with_name("page.html")
PICTURE_PX, DPI = 900, 130
NEEDED = (
    *("months_of_capacity", "event:reserve_depletion", "outlay:county_treasury", "outlay:city_treasury"),
)
"""Metrics without which there is no picture: depletion never stands without the burden."""
STYLE = """
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 3px 12px 3px 0; border-bottom: 1px solid #ddd; text-align: right; }
th[scope=row], thead th:first-child { text-align: left; font-weight: normal; }
"""


def page(results: Results, lang: Lang) -> pn.Template:
    """A page of its own for each visitor; what is chosen shows at once."""
    import panel as pn
    from pylopdf_fonts_zh_cn import sans_path

    view = drawn(results.read, lang)
    wide = {"sizing_mode": "stretch_width"}
    selectors = {at: pn.widgets.Select(name=address_name(at, lang), **wide) for at in results.varied}
    picture = pn.pane.PNG(None, sizing_mode="scale_width", max_width=PICTURE_PX, alt_text="")
    figures = pn.pane.HTML("", stylesheets=[STYLE], **wide)
    changing = False

    def show(*_: object) -> None:
        nonlocal changing
        if changing:  # by this very function
            return
        changing = True
        try:
            wanted = {at: select.value for at, select in selectors.items() if select.options}
            choices, row = narrowed(results.rows, results.varied, wanted)
            for at, options, value in choices:
                names = {value_name(at, each, lang): each for each in options}
                if len(names) < len(options):  # two values of one name
                    names = {f"{value_name(at, each, lang)} ({each})": each for each in options}
                selectors[at].param.update(options=names, value=value, disabled=len(options) == 1)
            png, table, title = view(row["scenario"])
            with pn.io.hold():  # the picture and its figures change together
                picture.param.update(object=png, alt_text=title)
                figures.object = table
        finally:
            changing = False

    for select in selectors.values():
        select.param.watch(show, "value")
    show()
    note = pn.pane.HTML(f"<p>{word('explore:note', lang)}</p>", **wide)
    parts = {
        "choices": pn.Column(*selectors.values(), note, **wide),
        "figures": pn.Column(picture, figures, **wide),
    }
    shown = pn.Template(PAGE.read_text("utf-8"), items=parts)
    said = {"language": "zh-CN" if lang == "zh" else "en", "heading": word("explore:heading", lang)}
    for name, value in {**said, "font": FONT, "font_url": f"{FONTS}/{Path(sans_path()).name}"}.items():
        shown.add_variable(name, value)
    return shown


def drawn(read: Callable[[str], Shown], lang: Lang) -> Callable[[str], tuple[bytes, str, str]]:
    """Scenario's id -> the picture as PNG, the figures as HTML, the title; the last few are kept."""

    @lru_cache(32)
    def view(scenario: str) -> tuple[bytes, str, str]:
        from scenarios.pictures.plot import BEARERS, fan_figure
        from scenarios.pictures.sheet import drawing

        try:
            shown = read(scenario)
        except InputError as error:  # of a file that was there when the page was made
            return b"", f"<p>{escape(str(error))}</p>", ""
        table = html_table(main_figures(shown), funds_of(shown.facts), lang)
        title = shown.facts["titles"][lang]
        lacking = shown.lacking(NEEDED)
        if lacking or not shown.every_year():
            needs = word(
                "explore:needs", lang, metrics=", ".join(lacking) or word("explore:every_year", lang)
            )
            return b"", f"<h2>{escape(title)}</h2><p>{escape(needs)}</p>{table}", title
        buffer = BytesIO()
        with drawing():
            fan_figure(shown.table, shown.facts, lang).savefig(buffer, format="png", dpi=DPI)
        left_out = shown.lacking(metric for metric, *_ in BEARERS)
        if left_out:
            table = f"<p>{escape(word('explore:left_out', lang, metrics=', '.join(left_out)))}</p>{table}"
        return buffer.getvalue(), table, title

    return view


def free_port(port: int) -> int:
    """The port, or any free one for 0; InputError where another program has it."""
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise InputError(
                "--port", str(port), f"expected a free port of this machine ({reason})"
            ) from None
        return int(probe.getsockname()[1])


def serve(results: Results, lang: Lang, port: int, browser: bool, tell: Callable[[str], None]) -> None:
    """Serve the page until interrupted; ``tell`` is given its address once it can be opened."""
    try:
        import panel as pn
    except ImportError:
        expected = "needs Panel, which is not installed: pip install '.[explorer]' in fundsim's checkout"
        raise InputError("fundsim explore", "", expected) from None

    from pylopdf_fonts_zh_cn import sans_path

    number = free_port(port)
    address = f"http://{HOST}:{number}/"
    options: dict[str, Any] = {
        "address": HOST,
        "port": number,
        "websocket_origin": [f"{HOST}:{number}", f"localhost:{number}"],
        "title": word("explore:heading", lang),
        "static_dirs": {FONTS: str(Path(sans_path()).parent)},
        "show": browser,
        "verbose": False,
        "start": False,
    }
    server = pn.serve(lambda: page(results, lang), **options)
    unheard: list[OSError] = []

    def told() -> None:
        try:
            tell(address)
        except OSError as error:  # the loop would go on: nobody knows the address
            unheard.append(error)
            server.io_loop.stop()

    server.io_loop.add_callback(told)
    try:
        server.io_loop.start()
    except KeyboardInterrupt:
        pass
    finally:
        server.stop()
    if unheard:
        raise unheard[0]
