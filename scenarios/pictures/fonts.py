"""The look of every picture: a Chinese font that comes with the dependencies, and a sober style for print.

A bare machine has no Chinese font and matplotlib only warns of a missing glyph, so the font file is
registered by path.  Colours keep their order of lightness in grey and under colour blindness.
"""

from __future__ import annotations

from typing import Any

FAN = ("#e3ebf2", "#bfd3e4", "#8fb1cf", "#5b8ab3")
"""Fills of the nested percentile bands, widest first."""
INK, GREY, RULE = "#1a1a1a", "#6b6b6b", "#b9b9b9"

STYLE: dict[Any, Any] = {
    "font.family": ["Noto Sans SC", "DejaVu Sans"],
    "font.sans-serif": ["Noto Sans SC", "DejaVu Sans"],  # of texts made before these settings
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.titley": 1.0,  # where they would come to stand; else every drawing looks for what may be in the way
    "axes.labelsize": 8,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 7,
    "legend.handlelength": 1.6,
    "legend.columnspacing": 1.2,
    "legend.borderpad": 0.3,
    "hatch.linewidth": 0.5,
    "text.parse_math": False,
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "fundsim",
}
"""matplotlib settings; sizes in points."""


def use_fonts() -> None:
    """Registers the Chinese font once and applies ``STYLE`` (inside ``rc_context`` to undo it after)."""
    import matplotlib
    from matplotlib import font_manager
    from pylopdf_fonts_zh_cn import sans_path

    path = str(sans_path())
    if all(entry.fname != path for entry in font_manager.fontManager.ttflist):
        font_manager.fontManager.addfont(path)
    matplotlib.rcParams.update(STYLE)


def font() -> Any:
    """The font of texts, its stand-in behind it, as matplotlib has opened it for them: it is large."""
    from matplotlib.font_manager import findfont, get_font
    from pylopdf_fonts_zh_cn import sans_path

    return get_font([str(sans_path()), findfont("DejaVu Sans")])
