"""A page of 100 messages to models: against bare `orjson.loads` of the same bytes, and against stock cattrs."""

from collections.abc import Iterator

import cattrs
import orjson
from cattrs.gen import make_dict_structure_fn, override
from cattrs.preconf.orjson import make_converter

from aurinko_async import _codec
from aurinko_async.models import EmailMessage
from aurinko_async.models._model import wire_names
from aurinko_async.models.pages import DeltaPage
from aurinko_async.models.rows import MessageColumns, Row
from benchmarks.mail import page
from benchmarks.measure import Result, compare, seconds


def stock_cattrs() -> cattrs.Converter:
    """What a user of cattrs would write: renamed fields, nothing else."""
    converter = make_converter()

    def structure(cls: type) -> object:
        names = {a.name: override(rename=wire_names(a.name)[0]) for a in cls.__attrs_attrs__}  # type: ignore[attr-defined]
        return make_dict_structure_fn(cls, converter, **names)  # type: ignore[arg-type]

    converter.register_structure_hook_factory(lambda cls: hasattr(cls, "__attrs_attrs__"), structure)  # type: ignore[arg-type]
    return converter


def run(rounds: int) -> Iterator[Result]:
    stock = stock_cattrs()
    for name, size, target in (
        ("no body", 0, "≥ 0.75"),
        ("2 KB bodies", 2_000, "≥ 0.85"),
        ("20 KB bodies", 20_000, "≥ 1.0"),
    ):
        body = page(size)
        times = seconds(
            {
                "orjson": lambda body=body: orjson.loads(body),  # type: ignore[misc]
                "models": lambda body=body: _codec.decode(DeltaPage[EmailMessage], body),  # type: ignore[misc]
                "rows": lambda body=body: _codec.decode(DeltaPage[Row[MessageColumns]], body),  # type: ignore[misc]
                "cattrs": lambda body=body: [  # type: ignore[misc]
                    stock.structure(record, EmailMessage) for record in orjson.loads(body)["records"]
                ],
            },
            rounds,
        )
        yield compare(f"decode to models, {name}, speed of `orjson.loads`", times["orjson"], times["models"], target)
        yield compare(f"decode to rows, {name}, speed of `orjson.loads`", times["orjson"], times["rows"], "")
        yield compare(f"decode to models, {name}, speed of stock cattrs", times["cattrs"], times["models"], "≥ 4")
