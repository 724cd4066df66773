"""Run a study: every deliverable in turn, whatever happens to the others, and one page with all of them."""

import shlex
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from genloom import machine
from genloom.errors import GenloomError, InputError, InputErrors, Interrupted, RunError, UnknownName
from genloom.recipes import pretrained, shipped
from genloom.recipes.registry import TIERS
from genloom.recipes.serial import from_yaml
from genloom.report import verdict
from genloom.report.numbers import duration
from genloom.report.page import write_page
from genloom.report.results import Item, Page, write_atomically
from genloom.studies import registry
from genloom.studies.cache import ItemCache
from genloom.studies.context import Context
from genloom.studies.study import Deliverable, Study
from genloom.training import lock
from genloom.training.screen import Screen


class Outcome(NamedTuple):
    """How a study ended: its page, the page's file, and how long it took."""

    page: Page
    report: Path
    seconds: float

    @property
    def exit_code(self) -> int:
        """1 if an item failed, else 0; a number that differs from its known answer is a finding, not a failure."""
        return int(any(item.status == "failed" for item in self.page.items))


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a study is run.

    only        numbers of the deliverables to do; the others are shown if they are done already
    fresh       do items anew even if nothing has changed; runs are reused all the same
    train       train what comes with genloom too, instead of taking it; runs of it that are finished are reused
    threads     CPU threads; 0 leaves torch's choice
    own         what this study alone is asked for, see `Study.options`; None for its defaults
    """

    tier: str = TIERS[0]
    seed: int = 0
    only: Sequence[str] = ()
    fresh: bool = False
    train: bool = False
    data_root: Path | None = None
    threads: int = 0
    own: Any = None


def run_study(study: Study | str, folder: Path, options: Options | None = None, *,
              screen: Screen | None = None) -> Outcome:
    """Do a study in `folder` and write its report.html and results.json, whatever fails on the way.

    Errors: `UnknownName` for a study, tier or number that is not there; those of data that were asked for and are not
    there; `RunInUse`; `RunError` for a folder that cannot be made; `Interrupted` after the page of what is done was
    written.
    """
    options, screen = options or Options(), screen or Screen()
    study = registry.study(study) if isinstance(study, str) else study
    if options.tier not in TIERS:
        raise UnknownName("tier", options.tier, TIERS)
    chosen = study.chosen(options.only)
    context = Context(folder=folder, study=study.name, tier=options.tier, seed=options.seed, screen=screen,
                      command=sys.argv, data_root=options.data_root, train=options.train,
                      options=study.options if options.own is None else options.own)
    study.data_for(context)  # what is not there is said before a folder is made
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{folder} cannot be made: {error.strerror}") from error
    machine.prepare(options.threads)
    with lock.hold(folder / ".lock"):
        return _Session(study, context, options, chosen).run()


class _Session:
    """One study being run."""

    def __init__(self, study: Study, context: Context, options: Options, chosen: frozenset[str]) -> None:
        self._study, self._context, self._options, self._chosen = study, context, options, chosen
        self._cache = ItemCache(study, context)
        self._items: dict[str, Item] = {}
        self._began = time.monotonic()

    def run(self) -> Outcome:
        self._banner()
        self._find()
        self._write("This study is being run, or was ended before it could say so.")
        try:
            for deliverable in self._study.deliverables:
                if deliverable.number in self._chosen and deliverable.number not in self._items:
                    self._items[deliverable.number] = self._do(deliverable)
        except (KeyboardInterrupt, Interrupted):
            self._write(f"This study was stopped; `{self._context.again()}` goes on.")
            raise
        return self._write("")

    def _find(self) -> None:
        """Take the items that are done already."""
        for deliverable in self._study.deliverables:
            found = self._cache.find(deliverable)
            if found is not None and not (self._options.fresh and deliverable.number in self._chosen):
                self._items[deliverable.number] = found
        if self._items:
            count = f"{len(self._items)} of {len(self._study.deliverables)}"
            self._context.screen.say(f"{count} items are taken from before: nothing that they came from has changed")

    def _do(self, deliverable: Deliverable) -> Item:
        context, number = self._context, deliverable.number
        context.item, context.used = number, set()
        began = time.monotonic()
        try:
            item = deliverable.item(deliverable.work(context), time.monotonic() - began)
            if item.status == "done":
                self._cache.keep(deliverable, item, context.used)
        except Interrupted:
            raise
        except Exception as error:  # one item's failure must not take the others with it
            item = deliverable.failed(self._reason(number, error), time.monotonic() - began)
        finally:
            context.item = ""
        self._progress(item)
        return item

    def _reason(self, number: str, error: Exception) -> str:
        if isinstance(error, GenloomError):
            return str(error)
        place = self._context.folder / "items" / f"{number.replace('/', '-')}.error.txt"
        place.parent.mkdir(exist_ok=True)
        write_atomically(place, "".join(traceback.format_exception(error)).encode())
        return f"{type(error).__name__}: {error} (traceback in items/{place.name})"

    def _banner(self) -> None:
        study, options = self._study, self._options
        pairs = [("data", study.data_for(self._context)), ("tier", options.tier), ("seed", str(options.seed)),
                 ("items", f"{len(self._chosen)} of {len(study.deliverables)}"), ("folder", str(self._context.folder))]
        if options.tier in study.expected:
            pairs.append(("expected time", study.expected[options.tier]))
        self._context.screen.banner(pairs, f"study {study.name}: {study.title}")

    def _progress(self, item: Item) -> None:
        numbers = [deliverable.number for deliverable in self._study.deliverables]
        badge = verdict.item_badge(item)
        place = f"[{numbers.index(item.number) + 1}/{len(numbers)}]"
        reason = f": {item.reason}" if item.reason else ""
        self._context.screen.say(f"{place} {item.number} {item.title}  {badge.sign} {badge.word}{reason}  "
                                 f"({duration(item.seconds)})")

    def _write(self, notice: str) -> Outcome:
        seconds = time.monotonic() - self._began
        page = self._page(notice, seconds)
        return Outcome(page, write_page(page, self._context.folder), seconds)

    def _page(self, notice: str, seconds: float) -> Page:
        study, context = self._study, self._context
        items = tuple(self._items.get(each.number) or each.missing(self._why_missing(each.number))
                      for each in study.deliverables)
        here = machine.environment()
        facts = (("data", study.data_for(context)), ("tier", context.tier), ("seed", str(context.seed)),
                 ("device", f"{here['device']}, {here['threads']} threads"), ("this run took", duration(seconds)),
                 ("versions", ", ".join(f"{name} {version}" for name, version in here["packages"].items())),
                 *self._origins())
        whole = not notice and all(item.status == "done" for item in items)
        return Page(title=study.title, kind="study", name=study.name, summary=study.summary, facts=facts, items=items,
                    complete=whole, notice=notice, next_commands=self._next(), counted=study.counted)

    def _origins(self) -> list[tuple[str, str]]:
        """The models of these items that were not trained here."""
        there = sorted(self._cache.shipped & set(pretrained.names()))
        said = [f"{name} {shipped.said(pretrained.load(name))}" for name in there]
        return [("models", "; ".join(said))] if said else []

    def _why_missing(self, number: str) -> str:
        if number in self._chosen:
            return "It was not reached."
        command = f"genloom study {self._study.name}{self._context.flags} --only {number}"
        return f"It was not asked for; `{command}` does it."

    def _next(self) -> tuple[str, ...]:
        runs = self._context.folder / "runs"
        there = sorted(path for path in runs.iterdir() if _is_run(path)) if runs.is_dir() else []
        return tuple(_use(path) for path in there[:2])


def _use(path: Path) -> str:
    """The command that a run is used by."""
    try:
        recipe = from_yaml((path / "recipe.yaml").read_text("utf-8"))
    except (OSError, UnicodeDecodeError, InputError, InputErrors):
        recipe = None
    command: str = getattr(recipe, "use", "genloom sample {run} --count 1000 --seed 1")
    return command.format(run=shlex.quote(str(path)))


def _is_run(path: Path) -> bool:
    return (path / "recipe.yaml").is_file() and ".old-" not in path.name
