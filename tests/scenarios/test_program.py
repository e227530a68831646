"""Versions as the packages' own descriptions have them."""

from __future__ import annotations

from importlib import metadata

import pytest

from scenarios.runs import run
from scenarios.runs.program import version


@pytest.mark.parametrize("package", run.PACKAGES)
def test_a_version_is_the_one_that_python_reports(package):
    assert version(package) == metadata.version(package)


@pytest.mark.parametrize("said", [None, "Name: some\n\nVersion 7 is better\n"])
def test_a_package_that_says_it_otherwise_is_asked_at_length(said, monkeypatch):
    kind = type(metadata.distribution("numpy"))  # not Python's own where another package finds packages
    monkeypatch.setattr(kind, "read_text", lambda *_: said)
    monkeypatch.setattr(metadata, "version", lambda package: f"that of {package}")
    assert version("numpy") == "that of numpy"


def test_a_package_that_is_not_there_has_none():
    with pytest.raises(metadata.PackageNotFoundError):
        version("no-such-package")
