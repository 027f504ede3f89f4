"""The public surface: what is exported is there, sorted, documented, and says which operation it calls."""

import ast
import importlib
import inspect
import json
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, get_type_hints

import attrs
import pytest

import aurinko_async
from aurinko_async import AurinkoClient, Credentials, errors, models
from aurinko_async.resources._resource import Resource
from aurinko_async.sync.engine import ResourcePlan
from aurinko_async.sync.store import EngineStore

ROOT = Path(__file__).parents[2]
OPERATIONS: list[dict[str, Any]] = json.loads((ROOT / "tests/contract/data/operations.json").read_text("utf-8"))
EXPORTING = [
    "aurinko_async",
    "aurinko_async.models",
    "aurinko_async.sync",
    "aurinko_async.sync.engine",
    "aurinko_async.webhooks",
]
"""The modules that users import from."""
LAZY = [*EXPORTING, "aurinko_async.export", "aurinko_async.oauth", "aurinko_async.sync.stores"]
"""The modules that import what they export on first use."""

COMPOSED = {
    "email.delta",
    "calendars.delta",
    "calendars.delta_all",
    "contacts.delta",
    "task_lists.delta",
    "task_lists.delta_all",
}
"""Methods that make several requests: they name all of them."""


# --- what is exported


@pytest.mark.parametrize("name", EXPORTING)
def test_the_exports_are_sorted_and_there_once(name: str) -> None:
    exported = importlib.import_module(name).__all__
    # As ruff sorts them: constants, then classes, then functions.
    constants = [export for export in exported if export.isupper()]
    classes = [export for export in exported if not export.isupper() and export[0].isupper()]
    functions = [export for export in exported if export[0].islower()]
    assert exported == [*sorted(constants), *sorted(classes), *sorted(functions)]
    assert len(set(exported)) == len(exported)


def imported_for_type_checkers(name: str) -> dict[str, str]:
    """What a module imports under `if TYPE_CHECKING`, and whence."""
    path = importlib.import_module(name).__file__
    assert path
    blocks = [node for node in ast.parse(Path(path).read_text("utf-8")).body if isinstance(node, ast.If)]
    return {
        alias.asname or alias.name: str(node.module)
        for block in blocks
        if ast.unparse(block.test) == "TYPE_CHECKING"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@pytest.mark.parametrize("name", LAZY)
def test_what_type_checkers_see_is_exported_and_is_what_there_is(name: str) -> None:
    module = importlib.import_module(name)
    seen = imported_for_type_checkers(name)
    assert set(seen) == set(module.__all__)
    for export, home in seen.items():
        assert getattr(module, export) is getattr(importlib.import_module(home), export), export
    assert set(module.__all__) <= set(dir(module))


@pytest.mark.parametrize("name", LAZY)
def test_a_name_that_is_not_there_is_refused_as_python_does(name: str) -> None:
    with pytest.raises(AttributeError, match=f"module '{re.escape(name)}' has no attribute 'Nothing'"):
        importlib.import_module(name).Nothing  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'Nothing'"):
        exec(f"from {name} import Nothing")


def modules_after(statement: str) -> set[str]:
    program = f"import sys\n{statement}\nprint(*sys.modules)"
    return set(
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    )


HEAVY = {
    *("aiohttp.web", "aiosqlite", "cattrs", "psycopg", "psycopg_pool", "pydantic", "pytest", "rich", "sqlite3"),
    *("typer", "uvloop", "aurinko_async.cli", "aurinko_async.export", "aurinko_async.sandbox"),
    "aurinko_async.webhooks",
}


def test_nothing_is_imported_that_is_not_used() -> None:
    package = modules_after("import aurinko_async")
    assert {name for name in package if name.startswith("aurinko_async.")} == {"aurinko_async._lazy"}
    assert not package & {"aiohttp", "asyncio", "attrs", "msgspec", *HEAVY}

    client = modules_after("from aurinko_async import AccountAuth, AurinkoClient\nAurinkoClient(AccountAuth('token'))")
    assert "aiohttp" in client
    assert not client & {"aurinko_async.sync", "aurinko_async.oauth", "aurinko_async.models.mail", *HEAVY}

    engine = modules_after("import aurinko_async\nfor name in aurinko_async.__all__: getattr(aurinko_async, name)")
    assert "aurinko_async.sync.stores.postgres" in engine
    assert not engine & (HEAVY - {"cattrs"})


def test_a_module_that_the_package_has_names_of_can_be_used_as_its_attribute() -> None:
    for name in ("errors.NotFound", "models.EmailMessage", "sync.DeltaSync", "sync.engine.SyncEngine", "auth.NoAuth"):
        assert "aurinko_async" in modules_after(f"import aurinko_async\nassert aurinko_async.{name}")


def test_the_pytest_plugin_imports_nothing_of_the_package() -> None:
    plugin = modules_after("import aurinko_async.sandbox.pytest_plugin")
    own = {name for name in plugin if name.startswith("aurinko_async.")}
    assert own == {"aurinko_async._lazy", "aurinko_async.sandbox", "aurinko_async.sandbox.pytest_plugin"}
    assert not plugin & {"aiohttp", "attrs.validators", "msgspec", "cattrs"}


@pytest.mark.parametrize("name", EXPORTING)
def test_a_star_import_brings_nothing_private(name: str) -> None:
    names: dict[str, Any] = {}
    exec(f"from {name} import *", names)
    del names["__builtins__"]
    assert [export for export in names if export.startswith("_")] == []
    assert set(names) == set(importlib.import_module(name).__all__)


def public_classes(module: Any) -> dict[str, Any]:
    found = inspect.getmembers(module, inspect.isclass)
    return {name: cls for name, cls in found if cls.__module__ == module.__name__ and not name.startswith("_")}


def test_every_model_that_is_part_of_the_api_is_exported() -> None:
    """A class that a field or a method of something exported has as its type can be imported from `models`."""
    internal = {"Original", "Attached", "Row", "PageChain", "PageOrRecord"}
    for info in pkgutil.iter_modules(models.__path__):
        if info.name.startswith("_") or info.name == "rows":
            continue
        module = importlib.import_module(f"aurinko_async.models.{info.name}")
        assert set(public_classes(module)) - internal <= set(models.__all__), info.name


def test_every_option_of_the_client_can_be_imported_from_the_package() -> None:
    hints = {hint for method in (AurinkoClient.__init__, AurinkoClient.with_options) for hint in hints_of(method)}
    ours = {hint for hint in hints if getattr(hint, "__module__", "").startswith("aurinko_async.")}
    assert {hint.__name__ for hint in ours} - {"Clock", "NoneType"} <= set(aurinko_async.__all__)


def hints_of(method: Any) -> Iterator[Any]:
    for hint in get_type_hints(method).values():
        yield from getattr(hint, "__args__", (hint,))


def test_an_exception_that_is_exported_is_the_one_of_the_tree() -> None:
    for name in aurinko_async.__all__:
        if hasattr(errors, name):
            assert getattr(errors, name) is getattr(aurinko_async, name)


def test_the_type_checkers_program_uses_every_attribute_of_the_client() -> None:
    program = (ROOT / "tests/typing/api.py").read_text("utf-8")
    for name, member in inspect.getmembers(AurinkoClient):
        if isinstance(member, cached_property):
            assert len(re.findall(rf"\baurinko\.{name}\.", program)) >= 1, name
    for name in aurinko_async.__all__:
        assert (
            re.search(rf"\b{name}\b", program)
            or issubclass(getattr(errors, name, type), Exception)
            or name in {"make_converter"}
        ), name


# --- what is documented


def plain(member: Any) -> Any:
    """The function behind a method, a property or a cached property."""
    for name in ("__func__", "func", "fget"):
        member = getattr(member, name, member)
    return member


def documented(owner: Any, where: str) -> Iterator[tuple[str, Any]]:
    """What is public in a module or a class and written by us, with its name."""
    for name, member in vars(owner).items():
        member = plain(member)
        ours = str(getattr(member, "__module__", "")).startswith("aurinko_async")
        if name.startswith("_") or not ours or not (inspect.isclass(member) or inspect.isfunction(member)):
            continue
        yield f"{where}.{name}", member
        if inspect.isclass(member):
            yield from documented(member, f"{where}.{name}")


def everything() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in [*EXPORTING, "aurinko_async.errors"]:
        module = importlib.import_module(name)
        for export in getattr(module, "__all__", ()):
            getattr(module, export)
        found.update(documented(module, name))
    for info in pkgutil.iter_modules(importlib.import_module("aurinko_async.resources").__path__):
        module = importlib.import_module(f"aurinko_async.resources.{info.name}")
        for name, cls in public_classes(module).items():
            if issubclass(cls, Resource):
                found[f"{module.__name__}.{name}"] = cls
                found.update(documented(cls, f"{module.__name__}.{name}"))
    return found


PROTOCOLS = (Credentials, EngineStore, ResourcePlan)
"""What says for all its implementations what their methods do."""


def docstring(where: str, member: Any) -> str | None:
    """Its docstring; a method's may be that of the method which it implements. Those that attrs writes are none."""
    if inspect.isclass(member):
        return vars(member).get("__doc__")
    owner = PUBLIC.get(where.rpartition(".")[0])
    bases = (*owner.__mro__, *PROTOCOLS) if inspect.isclass(owner) else ()
    found = [member.__doc__, *(getattr(plain(vars(base).get(member.__name__)), "__doc__", None) for base in bases)]
    return next((text for text in found if text and not text.startswith("Method generated by attrs")), None)


PUBLIC = everything()


def test_everything_public_has_a_docstring_that_begins_with_a_sentence() -> None:
    assert len(PUBLIC) > 500
    for where, member in PUBLIC.items():
        text = docstring(where, member)
        assert text, where
        first = text.strip().split("\n\n")[0].strip()
        assert first[0].isupper() or first[0] in "`0123456789", where
        assert first.endswith((".", "?", ":")), where


RESOURCES = {name.rpartition(".")[2]: cls for name, cls in PUBLIC.items() if ".resources." in name}


def resource_of(member: cached_property[Any]) -> Any:
    """The class of a resource: the client imports it on first use, so that its annotation is but a name."""
    return get_type_hints(member.func, {**RESOURCES, **member.func.__globals__})["return"]


def method_of(name: str) -> Any:
    found: Any = AurinkoClient
    for part in name.split("."):
        member = vars(found)[part] if part in vars(found) else getattr(found, part)
        found = resource_of(member) if isinstance(member, cached_property) else plain(member)
    return found


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation["python"])
def test_the_docstring_says_which_operation_it_is(operation: dict[str, Any]) -> None:
    lines = (inspect.getdoc(method_of(operation["python"])) or "").splitlines()
    assert [line for line in lines if line.startswith("Source:")] == [
        f"Source: {operation['method']} {operation['path']}"
    ]
    assert lines[-1].startswith("Source:")


def test_no_other_method_claims_to_be_an_operation() -> None:
    claims = {member for where, member in PUBLIC.items() if "Source: " in (docstring(where, member) or "")}
    methods = {plain(method_of(name)) for name in [*(operation["python"] for operation in OPERATIONS), *COMPOSED]}
    assert claims == methods
    assert len(claims) == len(OPERATIONS) + len(COMPOSED)


@pytest.mark.parametrize("name", sorted(COMPOSED))
def test_a_method_of_several_operations_names_them_all(name: str) -> None:
    named = " ".join((inspect.getdoc(method_of(name)) or "").partition("Source: ")[2].split()).split(", ")
    area = name.rpartition(".")[0]
    # All containers are found by listing, and asked for one by one before they are given up.
    also = {f"{area}.list", f"{area}.get"} if name.endswith("_all") else set[str]()
    wanted = [o for o in OPERATIONS if o["python"].startswith(f"{area}.sync.") or o["python"] in also]
    assert sorted(named) == sorted(f"{o['method']} {o['path']}" for o in wanted)


@pytest.mark.parametrize("where", [where for where in PUBLIC if ".resources." in where])
def test_the_arguments_that_are_documented_are_those_there_are(where: str) -> None:
    member = PUBLIC[where]
    if inspect.isfunction(member):
        text = inspect.cleandoc(member.__doc__ or "")
        section = text.partition("\nArgs:\n")[2].partition("\n\n")[0]
        named = [name for line in re.findall(r"^    (\w[\w, ]*):", section, re.MULTILINE) for name in line.split(", ")]
        assert set(named) <= set(inspect.signature(member).parameters)
        assert named == sorted(named, key=list(inspect.signature(member).parameters).index), "in another order"


@pytest.mark.parametrize("where", [where for where in PUBLIC if where.startswith("aurinko_async.models.")])
def test_the_attributes_that_are_documented_are_those_there_are(where: str) -> None:
    member = PUBLIC[where]
    if attrs.has(member):
        section = inspect.cleandoc(vars(member)["__doc__"]).partition("\nAttributes:\n")[2].partition("\n\n")[0]
        named = [name for line in re.findall(r"^    (\w[\w, ]*):", section, re.MULTILINE) for name in line.split(", ")]
        assert set(named) <= {field.name for field in attrs.fields(member)}


def test_a_parameter_of_lists_is_documented_everywhere_and_in_the_same_words() -> None:
    words: dict[str, set[str]] = {}
    for where, member in PUBLIC.items():
        if ".resources." in where and "Paginator[" in str(inspect.get_annotations(member).get("return", "")):
            for name in inspect.signature(member).parameters.keys() & {"limit", "offset", "page_token"}:
                found = re.search(rf"^ +{name}: (.*)$", member.__doc__, re.MULTILINE)
                words.setdefault(name, set()).add(found[1] if found else f"nothing in {where}")
    assert {name: len(said) for name, said in words.items()} == {"limit": 1, "offset": 1, "page_token": 1}, words


def paths(cls: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, member in vars(cls).items():
        if isinstance(member, cached_property):
            resource = resource_of(member)
            yield f"{prefix}.{name}", resource
            yield from paths(resource, f"{prefix}.{name}")


@pytest.mark.parametrize(
    ("path", "cls"), [pytest.param(*found, id=found[0]) for found in paths(AurinkoClient, "client")]
)
def test_a_class_says_where_it_is(path: str, cls: Any) -> None:
    assert cls.__doc__.startswith((f"`{path}`: ", f"`{path}`. "))
