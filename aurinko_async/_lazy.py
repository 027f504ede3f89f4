"""Packages whose names are imported when they are first used: nobody waits for what they do not use."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy(package: str, homes: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` (PEP 562) of a package; `homes` are its modules with the names they have.

    A module that is named there, with names or none, can be used as an attribute, too.
    """
    where = {name: home for home, names in homes.items() for name in names.split()}
    namespace = vars(sys.modules[package])

    def get(name: str) -> Any:
        if name in where:
            namespace[name] = getattr(import_module(f"{package}.{where[name]}"), name)
        elif name in homes:
            namespace[name] = import_module(f"{package}.{name}")
        else:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return namespace[name]

    def listed() -> list[str]:
        return sorted({*namespace, *where})

    return get, listed
