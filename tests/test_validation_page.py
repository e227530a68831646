"""docs/validation.md and docs/validation.zh.md: figures as computed, tests that exist."""

from __future__ import annotations

import re

import pytest
from validation_page import PAGES, ROOT, figures, filled


@pytest.mark.parametrize("name", PAGES)
def test_figures_are_those_computed(name: str) -> None:
    text = (ROOT / "docs" / name).read_text("utf-8")
    assert filled(text, PAGES[name]) == text, "python tests/validation_page.py puts them right"


def test_simulated_figures_agree_with_the_formulas() -> None:
    for exact, found, error in figures():
        assert 0 < error < 0.05 * exact
        assert abs(found - exact) < 4 * error


@pytest.mark.parametrize("name", PAGES)
def test_the_tests_it_names_exist(name: str) -> None:
    named = set(re.findall(r"`(tests/[^`*]+)`", (ROOT / "docs" / name).read_text("utf-8")))
    assert len(named) > 15
    assert sorted(path for path in named if not (ROOT / path).is_file()) == []
