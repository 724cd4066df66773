"""`genloom attention-check [FILE]`: an attention beside an independent float64 reference; what is wrong is named."""

import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from genloom.cli import flags, own_code
from genloom.cli.output import Voice
from genloom.errors import DataError, InputError

if TYPE_CHECKING:
    from genloom.forecasting.attention.check import Finding
    from genloom.forecasting.attention.own import Own


@dataclass(frozen=True, kw_only=True)
class Options:
    """Compare an attention with an independent reference in float64, and name what is wrong: mask, scale, softmax axis,
    heads, and more. A file is the reader's own Python code, and it is run."""

    file: Annotated[str, tyro.conf.Positional] = ""
    """Python file with a function of (q, k, v, mask=None) or a torch module; without it genloom's own kinds."""
    function: str = ""
    """Name of the function, class or module in the file, where it holds several."""
    json: bool = False
    """Print JSON."""


def run(args: list[str]) -> int:
    """Compare, and show; 1 where something is wrong."""
    options = flags.options(Options, "attention-check", args)
    voice = Voice(json=options.json)
    if options.file:
        return _theirs(Path(options.file), options.function, voice)
    if options.function:
        raise InputError("--function", options.function, "given with a file",
                         f"genloom attention-check FILE --function {options.function}")
    return _ours(voice)


def _theirs(path: Path, name: str, voice: Voice) -> int:
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    from genloom.forecasting.attention.candidate import chosen
    from genloom.forecasting.attention.check import check

    voice.say(f"{path} is your own code: it is run here, with your rights")
    with contextlib.redirect_stdout(sys.stderr):  # what it prints is no part of the answer
        found, candidate = chosen(own_code.load(path), name)
        finding = check(candidate, found)
    voice.answer(_document(path, finding), f"{finding.name}: {finding.verdict}", *_details(finding))
    return 0 if finding.right else 1


def _details(finding: "Finding") -> list[str]:
    lines = [f"  input   {finding.layout}", f"  mask    {finding.mask}"]
    lines += [f"  note    {note}" for note in finding.notes]
    return lines + [f"  remedy  {fault.remedy}" for fault in finding.faults]


def _document(path: Path, finding: "Finding") -> dict[str, Any]:
    return {"file": str(path), "name": finding.name, "right": finding.right, "verdict": finding.verdict,
            "relative_error": finding.relative_error, "layout": finding.layout, "mask": finding.mask,
            "notes": list(finding.notes),
            "faults": [{"name": fault.name, "remedy": fault.remedy} for fault in finding.faults]}


def _ours(voice: Voice) -> int:
    from genloom.forecasting.attention.own import check_kinds

    found = check_kinds()
    voice.say("Each kind in float32 beside the definition of its paper in float64, (2, 2, 48, 8), and how far that is",
              "from full attention to keys of no structure.", "")
    voice.table(("kind", "causal", "relative error", "of its matrix", "sees the future", "from full", ""),
                [_row(one) for one in found])
    wrong = [one for one in found if not one.right]
    worst = max(max(one.relative_error, one.matrix_error) for one in found)
    said = f"{len(wrong)} of {len(found)} are wrong" if wrong else f"all are right: relative error at most {worst:.0e}"
    voice.answer({"right": not wrong, "kinds": [vars(one) | {"right": one.right} for one in found]}, "", said,
                 "next:", "  genloom attention-check FILE.py   your own attention")
    return 1 if wrong else 0


def _row(one: "Own") -> tuple[str, ...]:
    future = "by design" if not one.causal else "no" if one.future == 0 else "yes, as published"
    return (one.kind, "causal" if one.causal else "", f"{one.relative_error:.0e}", f"{one.matrix_error:.0e}", future,
            f"{one.full:.2f}" if one.full else "0", "right" if one.right else "wrong")
