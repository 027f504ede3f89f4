"""From a method and a raw path to an operation. Segments are compared before they are decoded, and decoded once."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

from attrs import Factory, define

from aurinko_async.sandbox.contract import Operation


@define
class _Node:
    literals: dict[str, _Node] = Factory(lambda: dict[str, "_Node"]())
    parameter: _Node | None = None
    operations: dict[str, Operation] = Factory(lambda: dict[str, Operation]())


class Router:
    """A tree of path segments; where a literal and a parameter both fit, the literal wins."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._root = _Node()
        for operation in operations:
            self._insert(operation)

    def _insert(self, operation: Operation) -> None:
        node = self._root
        for segment in _segments(operation.path):
            if segment.startswith("{"):
                node.parameter = node = node.parameter or _Node()
            else:
                node = node.literals.setdefault(segment, _Node())
        node.operations[operation.method] = operation

    def match(self, method: str, raw_path: str) -> tuple[Operation, tuple[str, ...]] | None:
        """Find the operation and its decoded path values, in path order."""
        for node, values in self._walk(self._root, _segments(raw_path)):
            if method in node.operations:
                return node.operations[method], tuple(unquote(value) for value in values)
        return None

    def methods(self, raw_path: str) -> list[str]:
        """List the methods the contract knows for this path; none if there is no such path."""
        return sorted({m for node, _ in self._walk(self._root, _segments(raw_path)) for m in node.operations})

    def _walk(self, node: _Node, segments: list[str]) -> Iterable[tuple[_Node, tuple[str, ...]]]:
        if not segments:
            yield node, ()
            return
        head, rest = segments[0], segments[1:]
        if (literal := node.literals.get(head)) is not None:
            yield from self._walk(literal, rest)
        if node.parameter is not None and head:
            for found, values in self._walk(node.parameter, rest):
                yield found, (head, *values)


def _segments(path: str) -> list[str]:
    return path.split("/")[1:]
