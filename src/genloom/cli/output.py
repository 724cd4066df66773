"""What a command says: plain lines and tables on a terminal or in a pipe, or one JSON object."""

import json
import math
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from genloom.training.distributed import is_main


@dataclass(frozen=True)
class Voice:
    """Speaks on standard output: nothing where `quiet`, JSON alone where `json`, and only in the first process."""

    quiet: bool = False
    json: bool = False

    @property
    def silent(self) -> bool:
        """Whether lines for people are left out."""
        return self.quiet or self.json or not is_main()

    def say(self, *lines: str) -> None:
        """Print lines for people, at once."""
        if not self.silent:
            print(*map(harmless, lines), sep="\n", flush=True)

    def answer(self, document: Any, *lines: str) -> None:
        """The result of a command: `lines` for people, even when quiet, or the document as JSON."""
        if not is_main():
            return
        if self.json:
            print(json.dumps(plain(document), ensure_ascii=False, indent=1, allow_nan=False), flush=True)
        elif lines:
            print(*map(harmless, lines), sep="\n", flush=True)

    def event(self, kind: str, document: dict[str, Any], *lines: str) -> None:
        """The last of a training's JSON lines, or `lines` for people, even when quiet."""
        if not is_main():
            return
        text = json.dumps(plain({"event": kind, **document}), ensure_ascii=False, allow_nan=False)
        print(*([text] if self.json else map(harmless, lines)), sep="\n", flush=True)

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table: drawn by rich on a terminal, aligned columns in a pipe."""
        if self.json or not is_main():
            return
        if sys.stdout.isatty():
            _rich_table(header, rows)
        else:
            print(*map(harmless, aligned([header, *rows])), sep="\n", flush=True)


def harmless(text: str) -> str:
    """Text from a file or a name without the control characters that a terminal would obey.

    >>> harmless("a\\x1b[31mb")
    'a�[31mb'
    """
    return "".join("�" if unicodedata.category(c) == "Cc" and c not in "\n\t" else c for c in text)


def aligned(rows: Sequence[Sequence[str]], indent: str = "") -> list[str]:
    """Rows as lines whose columns stand under each other."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    return [(indent + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))).rstrip()
            for row in rows]


def plain(value: Any) -> Any:
    """JSON-ready data; numbers that are not finite become null."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, (int, str, bool, type(None))) else str(value)


def _rich_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*header)
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)
