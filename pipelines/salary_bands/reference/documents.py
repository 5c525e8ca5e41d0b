"""Parse YAML that people write by hand: plain documents of bounded size, and the line of each key."""

from collections.abc import Iterable
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MOST_NODES = 100_000  # with every alias written out
_MOST_BYTES = 4 << 20
_DEEPEST = 50


class Faulty(ValueError):  # noqa: N818 - a verdict on a file, not an error of the program
    """A reference file that cannot be used. Its text is one line for each fault: file, line, key, cause."""


class Document:
    """A parsed document, and where its keys are. `name` is the file's, for messages."""

    def __init__(self, text: str, name: str) -> None:
        """Parse a text; raise Faulty if it is no plain YAML, is too large, or has a key twice."""
        self.name = name
        if len(text) > _MOST_BYTES:
            raise Faulty(f"{name}: is larger than {_MOST_BYTES >> 20} MiB")
        try:
            _check_tags(text, name)
            self._root = yaml.compose(text, Loader=_LOADER)
            if self._root is not None:
                _check_size(self._root, name)
                _check_keys(self._root, name)
            self.value: Any = yaml.load(text, Loader=_LOADER)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = f"{name}, line {mark.line + 1}" if mark else name
            raise Faulty(f"{where}: is not YAML ({getattr(error, 'problem', None) or 'unreadable'})") from None
        except (RecursionError, ValueError) as error:
            if isinstance(error, Faulty):
                raise
            raise Faulty(f"{name}: is not YAML ({type(error).__name__})") from None

    def line_of(self, keys: Iterable[Any]) -> int:
        """Return the line of the deepest of the nested keys that is there."""
        node, line = self._root, 1
        for key in keys:
            found = None
            if isinstance(node, yaml.MappingNode):
                found = next(((k, v) for k, v in node.value if k.value == str(key)), None)
            elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
                found = (node.value[key], node.value[key])
            if found is None:
                continue  # the name of a variant, or a key that is missing
            line, node = found[0].start_mark.line + 1, found[1]
        return line

    def fault(self, keys: Iterable[Any], cause: str) -> str:
        """Return the line of a message: file, line, key, cause."""
        path = [*keys]
        return f"{self.name}, line {self.line_of(path)}: {'.'.join(map(str, path)) or 'document'}: {cause}"


def _check_tags(text: str, name: str) -> None:
    for event in yaml.parse(text, Loader=_LOADER):
        tag = getattr(event, "tag", None)
        if tag and tag != "!":
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise Faulty(f"{name}, line {line}: tags such as {tag!r} are not allowed; write plain YAML")


def _check_size(root: yaml.Node, name: str) -> None:
    """Refuse a document that is too deep or, with every alias written out, too large."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node, above: tuple[int, ...]) -> int:
        if id(node) in above or len(above) > _DEEPEST:
            raise Faulty(f"{name}, line {node.start_mark.line + 1}: is nested too deeply, or contains itself")
        if id(node) not in sizes:
            below: list[Any] = []
            if isinstance(node, yaml.SequenceNode):
                below = node.value
            elif isinstance(node, yaml.MappingNode):
                below = [part for pair in node.value for part in pair]
            sizes[id(node)] = 1 + sum(size(part, (*above, id(node))) for part in below)
        return sizes[id(node)]

    if size(root, ()) > _MOST_NODES:
        raise Faulty(f"{name}: its anchors multiply to over {_MOST_NODES:,} values; write them out")


def _check_keys(root: yaml.Node, name: str) -> None:
    """Refuse a key that stands twice in one mapping: the first would be lost without a word."""
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            lines: dict[str, int] = {}
            for key, value in node.value:
                line = key.start_mark.line + 1
                if key.value in lines and isinstance(key, yaml.ScalarNode):
                    raise Faulty(
                        f"{name}, line {line}: {key.value} is already there in line {lines[key.value]}; keep one"
                    )
                if isinstance(key, yaml.ScalarNode):
                    lines[key.value] = line
                waiting += [key, value]
