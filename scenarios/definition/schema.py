"""The JSON Schema of scenario and study files, for editors.

    python -m scenarios.definition.schema > scenarios/scenario.schema.json

It is made from the models that the program itself checks a file with, so it knows every key and its range.
It asks for no key, for a file may extend another that has it.  A TOML editor takes it from a first line
``#:schema scenario.schema.json``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scenarios.definition.scenario_file import ScenarioFile
from scenarios.definition.study import Design, Outcomes

FILE = Path(__file__).parents[1] / "scenario.schema.json"
ADDRESSES = {
    "constants": "Values at dotted addresses of the scenario.",
    "levers": "What policy may choose, by address: a value, a list of values, or { values = [...] }.",
    "uncertainties": "What nobody knows, by address: a list, { range = [low, high] } or a distribution.",
}


def scenario_schema() -> dict[str, Any]:
    """The schema as plain values: draft 2020-12."""
    schema = ScenarioFile.model_json_schema()
    shared = schema["$defs"]
    for section, kind in (("outcomes", Outcomes), ("design", Design)):
        own = kind.model_json_schema()
        shared |= own.pop("$defs", {})
        schema["properties"][section] = own
    for section, about in ADDRESSES.items():
        schema["properties"][section] = {"type": "object", "description": about}
    text = {"type": "string"}
    schema["properties"]["extends"] = {
        "anyOf": [text, {"type": "array", "items": text}],
        "description": "A built-in scenario or a file that this one is laid over; a study may name several.",
    }
    counties = schema["properties"]["counties"]
    by_name = {"type": "object", "additionalProperties": {"$ref": "#/$defs/County"}}
    schema["properties"]["counties"] = {"anyOf": [counties, by_name]}
    for part in (schema, *shared.values()):
        part.pop("required", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "fundsim scenario or study",
        "description": "docs/studies.md",
    }


def as_text() -> str:
    """The file's content."""
    return json.dumps(scenario_schema(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    print(as_text(), end="")
