"""A page of 100 messages to models and to rows: against bare `orjson.loads` of the same bytes, and against peers.

The peers make objects with the same fields: stock cattrs of our own classes, and a pydantic model of the message.
"""

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import cattrs
import orjson
from cattrs.gen import make_dict_structure_fn, override
from cattrs.preconf.orjson import make_converter

from aurinko_async import _codec
from aurinko_async.models import EmailMessage
from aurinko_async.models._model import wire_names
from aurinko_async.models._row import Row
from aurinko_async.models.pages import DeltaPage
from aurinko_async.models.rows import MessageColumns
from benchmarks.mail import page
from benchmarks.measure import Result, compare, seconds, skipped

SIZES = (("no body", 0, "≥ 0.75"), ("2 KB bodies", 2_000, "≥ 0.85"), ("20 KB bodies", 20_000, "≥ 1.0"))


def stock_cattrs() -> cattrs.Converter:
    """What a user of cattrs would write: renamed fields, nothing else."""
    converter = make_converter()

    def structure(cls: type) -> object:
        names = {a.name: override(rename=wire_names(a.name)[0]) for a in cls.__attrs_attrs__}  # type: ignore[attr-defined]
        return make_dict_structure_fn(cls, converter, **names)  # type: ignore[arg-type]

    converter.register_structure_hook_factory(lambda cls: hasattr(cls, "__attrs_attrs__"), structure)  # type: ignore[arg-type]
    return converter


def pydantic_page() -> Callable[[bytes], Any] | None:
    """What a user of pydantic would write: the same classes as models, a page validated from its JSON at once."""
    if find_spec("pydantic") is None:
        return None
    import pydantic

    made: dict[type, Any] = {}

    def mirrored(annotation: Any) -> Any:
        if _codec.is_union(annotation):
            return mirrored(_codec.members(annotation)[0]) | None
        if _codec.is_model(annotation):
            return modelled(annotation)
        if getattr(annotation, "__origin__", None) is list:
            return list[mirrored(annotation.__args__[0])]
        return annotation

    def modelled(cls: type) -> Any:
        if cls not in made:
            definitions: dict[str, Any] = {
                field.name: (mirrored(field.type), pydantic.Field(None, alias=wire_names(field.name)[0]))
                for field in _codec.fields(cls)
            }
            made[cls] = pydantic.create_model(cls.__name__, **definitions)
        return made[cls]

    whole = pydantic.create_model("Page", records=(list[modelled(EmailMessage)], ...))
    return whole.model_validate_json


def run(rounds: int) -> Iterator[Result]:
    stock, pydantic = stock_cattrs(), pydantic_page()
    for name, size, target in SIZES:
        body = page(size)
        contenders: dict[str, Callable[[], object]] = {
            "orjson": lambda body=body: orjson.loads(body),  # type: ignore[misc]
            "models": lambda body=body: _codec.decode(DeltaPage[EmailMessage], body),  # type: ignore[misc]
            "rows": lambda body=body: _codec.decode(DeltaPage[Row[MessageColumns]], body),  # type: ignore[misc]
            "cattrs": lambda body=body: [  # type: ignore[misc]
                stock.structure(record, EmailMessage) for record in orjson.loads(body)["records"]
            ],
        }
        if pydantic is not None:
            contenders["pydantic"] = lambda body=body: pydantic(body)  # type: ignore[misc]
        times = seconds(contenders, rounds)
        yield compare(f"decode to models, {name}, speed of `orjson.loads`", times["orjson"], times["models"], target)
        yield compare(f"decode to rows, {name}, speed of `orjson.loads`", times["orjson"], times["rows"], "")
        yield compare(f"decode to models, {name}, speed of stock cattrs", times["cattrs"], times["models"], "≥ 4")
        what = f"decode to models, {name}, speed of a pydantic model"
        if pydantic is None:
            yield skipped(what, "pydantic is not installed")
        else:
            yield compare(what, times["pydantic"], times["models"], "≥ 2.5")
