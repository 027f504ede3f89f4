"""The page of all operations is what the methods are."""

import importlib.util
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"


def generator() -> Any:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_up_to_date() -> None:
    assert (DOCS / "reference.md").read_text("utf-8") == generator().reference(), "run: python docs/generate.py"


def test_the_reference_has_every_operation_once() -> None:
    lines = (DOCS / "reference.md").read_text("utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| `")]
    assert len(rows) == len({row.partition("(")[0] for row in rows}) == 138
