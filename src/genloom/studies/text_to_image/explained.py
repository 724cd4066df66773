"""S0.30: each prompt with its picture, what it should show, why it does not, and room for the reader's own words."""

import shlex
from pathlib import Path

from genloom.report.cards_page import Card, write_cards
from genloom.report.grids import save_grid
from genloom.report.numbers import at_least, near
from genloom.report.results import Figure, Result, Table, write_atomically
from genloom.studies.context import Context
from genloom.studies.study import Answer, deliverable
from genloom.studies.text_to_image.pictures import ASKED, judged, picture_path
from genloom.studies.text_to_image.prompts import Prompt, Sheet, to_yaml
from genloom.studies.text_to_image.sheet import Drawings, drawings, options, provenance, sheet

CARDS = "sheet.html"
"""The page of cards, beside the report."""


@deliverable("S0.30", "Why they fail", question="Explain why the model fails on these prompts.")
def explained(context: Context) -> Answer:
    """A card for each prompt, here and on a page of its own that can be filled in."""
    found, prompts = drawings(context), sheet(context)
    if isinstance(found, str):
        return Answer(missing=found)
    figures = tuple(_figure(context, found, prompts, place) for place in range(len(prompts)))
    page = _page(context, found, prompts, figures)
    file = write_form(prompts, context.folder)
    return Answer(
        text=(f"`{CARDS}` beside this report has a card for each prompt: the picture, what a right one shows, why "
              "models miss it, and fields for a verdict and an explanation.",
              f"The same fields stand in `{file.name}`. Fill it in and run `{_again(context, file)}`: the words come "
              "into this report, and no picture is drawn again.",
              *_counted(prompts)),
        figures=figures,
        tables=(_table(prompts),),
        results=(*_results(prompts), near(Result(
            name="cards on the page", value=page, known=len(prompts), known_name="prompts"), 0)),
        source="the works that the table names",
    )


def write_form(prompts: Sheet, folder: Path) -> Path:
    """The prompts as a file to be filled in; one that is there already is left as it is."""
    path = folder / f"prompts-{prompts.texts[:8]}.yaml"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(path, to_yaml(prompts).encode())
    return path


def _figure(context: Context, found: Drawings, prompts: Sheet, place: int) -> Figure:
    own, each = found.of(place), prompts[place]
    black = " The safety checker made it black." if any(one.blanked for one in own) else ""
    caption = " ".join(filter(None, (f"{place + 1}. “{each.prompt}”", each.family and f"({each.family})",
                                     _reason(each)))) + black
    alt = f"What the model drew for “{each.prompt}”" + (f"; a right picture: {each.expected}" if each.expected else "")
    if len(own) == 1:
        return Figure(path=picture_path(own[0], context.folder), caption=caption, alt=alt)
    import torch

    path = context.folder / "figures" / f"prompt-{place + 1:02d}.png"
    save_grid(torch.stack([one.pixels for one in own]), path, {**provenance(context, found.model),
                                                               "prompt": each.prompt}, columns=min(4, len(own)))
    return Figure(path=path.relative_to(context.folder).as_posix(), caption=caption, alt=alt)


def _reason(each: Prompt) -> str:
    return each.explanation or each.why


def _page(context: Context, found: Drawings, prompts: Sheet, figures: tuple[Figure, ...]) -> int:
    asked = options(context)
    facts = (("model", found.model.found.place), ("weights", f"sha256 {found.model.digest[:12]}"),
             ("seed", str(context.seed)), ("steps", str(asked.steps)), ("guidance", f"{asked.guidance:g}"),
             ("negative prompt", asked.negative_prompt or "none"), ("scheduler", found.model.scheduler),
             ("safety checker", "on" if found.model.checks else "the model has none"))
    cards = [_card(each, figure, found, place) for place, (each, figure) in enumerate(zip(prompts, figures,
                                                                                         strict=True))]
    write_cards(context.folder / CARDS, heading="Where a text-to-image model fails", facts=facts, cards=cards,
                lead="Each prompt with its picture, what a right picture shows, and why models of this kind are "
                     "expected to miss it. Look, judge, and say why in words of your own.")
    return len(cards)


def _card(each: Prompt, figure: Figure, found: Drawings, place: int) -> Card:
    length = found.lengths[place]
    cut = f"The encoder reads {length.limit} of {length.tokens} tokens, and never “{length.cut}”." if length.cut else ""
    black = sum(one.blanked for one in found.of(place))
    return Card(title=each.prompt, figure=Figure(path=figure.path, alt=figure.alt, caption=cut),
                facts=(("family", each.family), ("a right picture", each.expected), ("why models miss it", each.why),
                       ("source", each.source), ("made black by the safety checker", str(black) if black else "")),
                fields=(("verdict", each.verdict), ("explanation, in your words", each.explanation)))


def _again(context: Context, file: Path) -> str:
    asked = options(context)
    kept = context.flags.replace(f" --prompts {shlex.quote(asked.prompts)}", "")
    tier = "" if context.tier == "laptop" else f" --tier {context.tier}"
    seed = f" --seed {context.seed}" if context.seed else ""
    place = f" --prompts {shlex.quote(str(file))} --out {shlex.quote(str(context.folder))}"
    return f"genloom study {context.study}{kept}{place}{tier}{seed}"


def _counted(prompts: Sheet) -> list[str]:
    fails, said = judged(prompts)
    if not said:
        return ["No verdict has been given yet: that a picture fails is for its reader to say, since no judge of such "
                "pictures comes with genloom."]
    return [f"Of {said} prompts that a reader has judged, {fails} fail; {len(prompts) - said} wait for a verdict."]


def _table(prompts: Sheet) -> Table:
    rows = tuple((str(k), each.prompt, each.expected or "—", each.why or "—", each.verdict or "—",
                  each.explanation or "—", each.source or "—") for k, each in enumerate(prompts, 1))
    return Table(header=("", "prompt", "a right picture", "why models miss it", "verdict", "the reader's explanation",
                         "source"), rows=rows, caption="All that is said of each prompt.")


def _results(prompts: Sheet) -> list[Result]:
    reasons = sum(bool(_reason(each)) for each in prompts)
    own = sum(bool(each.explanation) for each in prompts)
    return [at_least(Result(name="prompts with an explanation", value=reasons, known=ASKED, known_name="asked for",
                            n=len(prompts), tolerance=f"at least {ASKED}"), ASKED),
            Result(name="of these, in the reader's own words", value=own, n=len(prompts))]
