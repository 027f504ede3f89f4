"""Each layer imports only from the layers before it."""

import ast
from pathlib import Path

import aurinko_async

PACKAGE = Path(aurinko_async.__file__).parent
LAYERS = [
    "_lazy",
    "errors",
    "_types",
    "models",
    "auth",
    "retry",
    "_converter",
    "_codec",
    "_wire",
    "_watch",
    "_transport",
    "_limits",
    "_session",
    "pagination",
    "sync",
    "resources",
    "client",
    "sync.engine",
    "export",
    "oauth",
    "otel",
    "webhooks",
    "sandbox",
    "cli",
]
PURE = [
    "_wire",
    "retry",
    "_converter",
    "_codec",
    "auth",
    "sync.checkpoint",
    "sync.machine",
    "export.calendar",
    "export.contacts",
    "export.jsonl",
    "export.mbox",
    "export.recurrence",
    "export.series",
    "oauth.state",
    "webhooks.signature",
]
"""No coroutine, no clock, no random, no IO."""
IMPURE = {"asyncio", "time", "random", "os", "socket", "aiohttp", "logging"}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def layer_of(name: str) -> str | None:
    name = name.removeprefix("aurinko_async").strip(".")
    if name.startswith("sync.engine"):
        return "sync.engine"
    first = name.split(".")[0]
    return first if first in LAYERS else None


MODULES = {module_name(path): path for path in PACKAGE.rglob("*.py")}


def test_every_module_belongs_to_a_layer() -> None:
    strays = [name for name in MODULES if name not in ("", "__init__") and layer_of(name) is None]
    assert strays == []


def test_each_layer_imports_only_from_layers_before_it() -> None:
    wrong = []
    for name, path in MODULES.items():
        own = layer_of(name)
        if own is None:
            continue
        for imported in imports(path):
            if not imported.startswith("aurinko_async."):
                continue
            other = layer_of(imported)
            if other is not None and LAYERS.index(other) > LAYERS.index(own):
                wrong.append(f"{name} imports {imported}")
    assert wrong == []


def test_pure_modules_do_not_act() -> None:
    for name in PURE:
        path = MODULES[name]
        assert not imports(path) & IMPURE, name
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef | ast.Await)], name


def test_only_the_transport_imports_the_aiohttp_client() -> None:
    users = {name for name, path in MODULES.items() if any(i.split(".")[0] == "aiohttp" for i in imports(path))}
    # `webhooks.aiohttp` is a handler for aiohttp's server: it answers requests and makes none.
    assert {name for name in users if not name.startswith("sandbox")} == {"_transport", "webhooks.aiohttp"}
    assert "aiohttp.web" in imports(MODULES["webhooks.aiohttp"])
    assert not any("Client" in name for name in imports(MODULES["webhooks.aiohttp"]))
