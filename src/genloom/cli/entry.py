"""The `genloom` command: finds the verb, and turns every failure into one line and an exit code."""

import contextlib
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module

from genloom import __version__
from genloom.cli import crash
from genloom.cli.output import harmless
from genloom.cli.verbs import LATER, VERBS
from genloom.errors import GenloomError, InputError, NotHere


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns 0, 1 for a run that failed, 2 for bad input, 128 + n for signal n."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr] # a terminal that knows no σ shows `?`
    try:
        return _guarded(list(sys.argv[1:] if argv is None else argv))
    except BrokenPipeError:
        with contextlib.suppress(OSError, ValueError):  # the reader has gone: nothing more can be said
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _guarded(args: list[str]) -> int:
    try:
        with crash.saved_in(None):
            code = dispatch(args)
        sys.stdout.flush()
        return code
    except GenloomError as error:
        return _failed(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _failed("interrupted", 130)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)


def dispatch(args: list[str]) -> int:
    """Run the verb that the first word names.

    Errors: `InputError` for an unknown verb, with the nearest one; `NotHere` for a verb of a family that is planned.
    """
    if not args or args[0] in ("-h", "--help", "help"):
        sys.stdout.write(overview())
        return 0
    verb, *rest = args
    if verb in ("-V", "--version"):
        sys.stdout.write(f"genloom {__version__}\n")
        return 0
    if verb in LATER:
        raise NotHere(f"genloom {verb} ({LATER[verb]}) is planned and not there yet; `genloom --help` shows what is")
    if verb not in VERBS:
        near = get_close_matches(verb, [*VERBS, *LATER, "--help", "--version"], n=1, cutoff=0.5)
        raise InputError("verb", verb, f"one of {', '.join(VERBS)}",
                         f"did you mean `genloom {near[0]}`?" if near else "see `genloom --help`")
    code: int = import_module(f"genloom.cli.verbs.{VERBS[verb].module}").run(rest)
    return code


def overview() -> str:
    """What `genloom --help` shows."""
    width = max(len(verb.usage) for verb in VERBS.values())
    lines = [f"  genloom {verb.usage:<{width}}  {verb.summary}" for verb in VERBS.values()]
    return "\n".join([
        "genloom: a workbench for generative models; every result stands beside its known answer", "", *lines, "",
        "`genloom VERB --help` shows the flags of a verb, `genloom train RECIPE --help` those of a recipe.",
        "Start with: genloom train ve-square", ""])


def _failed(message: str, code: int) -> int:
    sys.stdout.flush()
    sys.stderr.write(f"error: {harmless(' '.join(message.split()))}\n")
    return code
