"""Prompts from a file, with what is known of each: its family, what a right picture shows, why models miss it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from genloom.errors import DataError, InputError
from genloom.recipes.serial import strict_yaml

FAMILIES = ("count", "spatial relation", "attribute binding", "negation", "rendered text", "hands", "rare facts",
            "time and place", "long composition", "mirrored physics")
"""The known ways to fail, each of which the curated prompts have."""
VERDICTS = ("fails", "holds")
"""What a reader may say of a prompt's pictures."""

_BYTES, _PROMPTS, _LONGEST = 1_000_000, 1000, 4000
_CURATED = "prompts.yaml"


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A text to be drawn.

    family        the way in which it is expected to fail
    expected      what a right picture shows
    why           why models miss it, and `source` where that is from
    verdict       what the reader says of the pictures, one of `VERDICTS`; empty before they were looked at
    explanation   what the reader says of why
    """

    prompt: str
    family: str = ""
    expected: str = ""
    why: str = ""
    source: str = ""
    verdict: str = ""
    explanation: str = ""


class Sheet(tuple[Prompt, ...]):
    """Prompts in their order."""

    @property
    def digest(self) -> str:
        """SHA-256 of all that is said of them."""
        return hashlib.sha256(json.dumps([asdict(each) for each in self]).encode()).hexdigest()

    @property
    def texts(self) -> str:
        """SHA-256 of the prompts alone."""
        return hashlib.sha256(json.dumps([each.prompt for each in self]).encode()).hexdigest()

    @property
    def families(self) -> tuple[str, ...]:
        """Those that have a name, each once."""
        return tuple(dict.fromkeys(each.family for each in self if each.family))


@cache
def curated() -> Sheet:
    """The prompts that come with genloom, some for each of `FAMILIES`."""
    return parse(files("genloom.studies.text_to_image").joinpath(_CURATED).read_text("utf-8"), _CURATED)


def read_prompts(path: Path) -> Sheet:
    """The prompts of a file: .yaml, .yml, .json, .jsonl, or lines of text, where # begins a remark.

    An entry is the text alone, or a mapping with the fields of `Prompt`.

    Errors: `DataError` for a file that cannot be read, of another form, or with a prompt twice.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(_BYTES + 1)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    if len(raw) > _BYTES:
        raise DataError(f"{path}: larger than {_BYTES // 10**6} MB, which no file of prompts is")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path}: not UTF-8 text") from None
    return parse(text, str(path))


def parse(text: str, name: str) -> Sheet:
    """The prompts of a text; the ending of `name` tells its form.

    >>> [each.prompt for each in parse("# mine\\ntwo cats\\n\\na dog\\n", "mine.txt")]
    ['two cats', 'a dog']

    Errors: as `read_prompts`.
    """
    entries = _entries(text, name)
    if not 0 < len(entries) <= _PROMPTS:
        raise DataError(f"{name}: {len(entries)} prompts; there must be 1 to {_PROMPTS}")
    found = Sheet(_prompt(entry, f"{name}: prompt {k}") for k, entry in enumerate(entries, 1))
    first: dict[str, int] = {}
    for k, each in enumerate(found, 1):
        if first.setdefault(each.prompt, k) != k:
            raise DataError(f"{name}: prompts {first[each.prompt]} and {k} are the same; --pictures draws several")
    return found


def to_yaml(sheet: Sequence[Prompt]) -> str:
    """Prompts as a file that a person fills in: a verdict and an explanation for each."""
    import yaml

    head = (f"# verdict: {' or '.join(VERDICTS)}, once you have looked at the pictures.\n"
            "# explanation: why they fail, in your words.\n")
    body = [{key: value for key, value in asdict(each).items() if value or key in ("verdict", "explanation")}
            for each in sheet]
    return head + yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=116)


def _entries(text: str, name: str) -> list[Any]:
    ending = Path(name).suffix.lower()
    lines = [(k, line.strip()) for k, line in enumerate(text.splitlines(), 1)]
    if ending == ".jsonl":
        return [_json(line, f"{name}: line {k}") for k, line in lines if line]
    if ending not in (".yaml", ".yml", ".json"):
        return [line for _, line in lines if line and not line.startswith("#")]
    found = _json(text, name) if ending == ".json" else _yaml(text, name)
    if isinstance(found, dict) and list(found) == ["prompts"]:
        found = found["prompts"]
    if not isinstance(found, list):
        raise DataError(f"{name}: not a list of prompts; each is a text, or a mapping with `prompt: …` in it")
    return found


def _json(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{place}: not JSON ({str(error)[:80]})") from None


def _yaml(text: str, place: str) -> Any:
    try:
        return strict_yaml(text, place, _BYTES)
    except InputError as error:
        raise DataError(f"{place}: not YAML ({error.remedy or error.allowed})") from None


def _prompt(entry: Any, place: str) -> Prompt:
    entry = {"prompt": entry} if isinstance(entry, str) else entry
    if not isinstance(entry, dict) or "prompt" not in entry:
        raise DataError(f"{place}: must be a text, or a mapping with `prompt: …` in it")
    names = [field.name for field in fields(Prompt)]
    for key, value in entry.items():
        if key not in names:
            near = get_close_matches(str(key), names, n=1, cutoff=0.5)
            raise DataError(f"{place}: {str(key)[:40]!r} is not a field; there are {', '.join(names)}"
                            + (f"; did you mean {near[0]!r}?" if near else ""))
        if value is not None and not isinstance(value, str):
            raise DataError(f"{place}: {key} is not a text; put it in quotes")
        if len(value or "") > _LONGEST:
            raise DataError(f"{place}: {key} has more than {_LONGEST} characters")
    found = Prompt(**{key: " ".join((value or "").split()) for key, value in entry.items()})
    if not found.prompt:
        raise DataError(f"{place}: is empty")
    if found.verdict and found.verdict not in VERDICTS:
        raise DataError(f"{place}: verdict is {found.verdict[:40]!r}; it is {', '.join(VERDICTS)}, or empty")
    return found
