"""`genloom study NAME`: all deliverables of an assignment, and the report."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from genloom import __version__
from genloom.cli import flags, runs
from genloom.cli.crash import saved_in
from genloom.cli.output import Voice
from genloom.cli.session import screen
from genloom.errors import InputError, UnknownName
from genloom.recipes import rules
from genloom.recipes.fields import differences
from genloom.recipes.registry import STUDIES, resolve

if TYPE_CHECKING:
    from genloom.studies.runner import Outcome


_LONGEST = 60  # letters of a value in the name of a folder


@dataclass(frozen=True, kw_only=True)
class Options:
    """All deliverables of an assignment, each beside its known answer, and one page that holds them."""

    name: Annotated[str, tyro.conf.Positional]
    """Name of the study; `genloom list studies` shows all."""
    tier: Literal["laptop", "gpu"] = "laptop"
    """laptop ends on two CPU cores in minutes; gpu is the source text's full setting."""
    out: Path | None = None
    """Folder of the study; without it studies/NAME, with the tier and seed where they are not the usual."""
    seed: int = 0
    """Seed of all that is trained and drawn."""
    only: str | None = None
    """Deliverables to do, separated by commas, such as S2.3,S2.4; without it all of them."""
    fresh: bool = False
    """Do items anew even where nothing has changed."""
    train: bool = False
    """Train what comes with genloom too, instead of taking it."""
    data_root: Path | None = None
    """Folder of real data sets; without it $GENLOOM_DATA."""
    threads: int = 0
    """CPU threads; 0 leaves torch's choice."""
    quiet: bool = False
    """Print only the paths at the end, and errors."""
    json: bool = False
    """Print JSON."""


def run(args: list[str]) -> int:
    """Do a study; 1 if one of its items failed."""
    options, own = asked(args)
    voice = Voice(quiet=options.quiet, json=options.json)
    voice.say(f"genloom {__version__} · study {options.name} · {STUDIES[options.name].summary}")
    folder = options.out or default_folder(options, own)
    from genloom.studies import runner

    chosen = runner.Options(tier=options.tier, seed=options.seed, only=_words(options.only or ""), fresh=options.fresh,
                            train=options.train, data_root=options.data_root, threads=options.threads, own=own)
    with saved_in(folder if folder.is_dir() else None):
        outcome = runner.run_study(options.name, folder, chosen, screen=screen(voice))
    _last_words(outcome, folder, voice)
    return outcome.exit_code


def asked(args: Sequence[str]) -> tuple[Options, Any]:
    """The options of all studies, and those that the named one alone has; None where it has none.

    Errors: `UnknownName` for a study that is not there; `InputError`, or `InputErrors` with all that is wrong.
    """
    options, own, errors = _parsed(args, next((word for word in args if word in STUDIES), ""))
    rules.raise_all([*errors, *_problems(options), *(() if own is None else rules.problems(own, relations=False))])
    return options, own if own is None else runs.placed(own)


def _parsed(args: Sequence[str], name: str) -> tuple[Options, Any, list[InputError]]:
    """What was asked for of the study of this name, which flags of its own are looked for by."""
    place = STUDIES[name].options if name else ""
    own = {flags.OWN: resolve(place)()} if place else {}
    found, values = flags.Command("genloom study", str(Options.__doc__), {flags.OPTIONS: Options, **own}).parse(args)
    options = values[flags.OPTIONS]
    if options.name not in STUDIES:
        raise UnknownName("study", options.name, list(STUDIES))
    if options.name != name:  # the word that was taken for it is a value of another flag
        return _parsed(args, options.name)
    return options, values.get(flags.OWN), found.errors


def default_folder(options: Options, own: Any = None) -> Path:
    """studies/NAME, with whatever is not the usual: tier, seed, what this study alone is asked for.

    So none takes another's place.
    """
    tier = "" if options.tier == "laptop" else f"-{options.tier}"
    seed = f"-seed{options.seed}" if options.seed else ""
    changed = [] if own is None else differences(own, type(own)())
    words = "".join("-" + re.sub(r"[^A-Za-z0-9.]+", "-", _word(value)).strip("-.") for _, value, _ in changed)
    return Path("studies") / f"{options.name}{words}{tier}{seed}"


def _word(value: object) -> str:
    """A value as a part of a folder's name: of a file its name alone, and of a long text its beginning."""
    path = Path(str(value))
    if not path.is_absolute():  # those that were asked for are
        return str(value)[:_LONGEST]
    return path.name if path.is_dir() else path.stem


def _last_words(outcome: "Outcome", folder: Path, voice: Voice) -> None:
    from genloom.report import verdict
    from genloom.report.numbers import duration

    page, problems = outcome.page, verdict.problems(outcome.page)
    following = [f"genloom results {runs.quoted(folder)}", *page.next_commands][:3]
    document = {"study": str(folder), "report": str(outcome.report), "complete": page.complete, "problems": problems,
                "seconds": round(outcome.seconds, 3), "next": following}
    voice.say(f"{verdict.headline(page)} It took {duration(outcome.seconds)}.", *problems)
    voice.event("done", document, f"report      {outcome.report}")
    voice.say("next:", *(f"  {command}" for command in following))


def _problems(options: Options) -> list[InputError]:
    ranges = {"seed": rules.Range(0, 2**63, open_high=True), "threads": rules.Range(0, 4096)}
    found = [InputError(f"--{name}", getattr(options, name), str(allowed)) for name, allowed in ranges.items()
             if getattr(options, name) not in allowed]
    if options.only is not None and not _words(options.only):  # all of them, for hours, is not what was meant
        found.append(InputError("--only", options.only, "numbers of deliverables", "leave --only out to do all"))
    return found


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
