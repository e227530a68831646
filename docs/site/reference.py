"""Reference pages from the program itself: its commands' help, its interface's docstrings."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap


def commands() -> str:
    """Every command with its arguments and options, as Markdown."""
    import typer.main
    from typer.cli import get_docs_for_click

    from scenarios.commands.app import app

    command = typer.main.get_command(app)
    context = command.make_context("fundsim", [], resilient_parsing=True)
    return get_docs_for_click(obj=command, ctx=context, name="fundsim", title="Command-line reference")


def python() -> str:
    """The public names of ``scenarios.api``, each with signature and docstring, as Markdown."""
    from scenarios import api

    parts = ["# Python reference", documented(inspect.getdoc(api) or "")]
    for name in sorted(api.__all__, key=lambda name: (inspect.isclass(getattr(api, name)), name.lower())):
        item = getattr(api, name)
        head = f"class {name}" if inspect.isclass(item) else f"{name}{signature(item)}"
        parts += [f"## {name}", f"```python\n{head}\n```", documented(inspect.getdoc(item) or "")]
        if inspect.isclass(item):
            parts += [f"- `{field}: {kind}`. {note}" for field, kind, note in field_notes(item)]
    return "\n\n".join(parts) + "\n"


def signature(function: object) -> str:
    """Parameters and result, a parameter a line where they are many."""
    text = str(inspect.signature(function))  # type: ignore[arg-type]
    text = re.sub(r"'([^']*)'(?=[,)]|$| =)", r"\1", text)
    inside, _, result = text[1:].rpartition(")")
    if len(text) < 80:
        return text
    return "(\n" + "".join(f"    {part},\n" for part in split_parameters(inside)) + ")" + result


def split_parameters(text: str) -> list[str]:
    """At commas that stand outside brackets."""
    return [part.strip() for part in re.split(r",\s*(?![^\[]*\])", text)]


def field_notes(item: type) -> list[tuple[str, str, str]]:
    """A class's fields: names, types and the notes below them."""
    body = ast.parse(textwrap.dedent(inspect.getsource(item))).body[0].body  # type: ignore[attr-defined]
    found = []
    for field, note in zip(body, [*body[1:], None], strict=True):
        if isinstance(field, ast.AnnAssign):
            text = ""
            if isinstance(note, ast.Expr) and isinstance(note.value, ast.Constant):
                text = " ".join(str(note.value.value).split()).replace("``", "`")
            found.append((ast.unparse(field.target), ast.unparse(field.annotation), text))
    return found


def documented(text: str) -> str:
    """A docstring as Markdown: examples and indented lines as code, ``names`` as `names`."""
    blocks = []
    for block in text.split("\n\n"):
        if block.startswith(">>>"):
            blocks.append(f"```pycon\n{block}\n```")
        elif block.startswith("    "):
            blocks.append(block)
        else:
            blocks.append(block.replace("``", "`"))
    return "\n\n".join(blocks)
