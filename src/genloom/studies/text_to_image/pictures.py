"""S0.29: the pictures of all prompts, with what can be told of them without looking."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

from genloom.report.figures import INK, canvas, styled
from genloom.report.numbers import at_least, duration, fixed, near, number
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.study import Answer, deliverable
from genloom.studies.text_to_image.drawing import Picture
from genloom.studies.text_to_image.prompts import Sheet
from genloom.studies.text_to_image.sheet import Drawings, drawings, options, provenance, sheet

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

ASKED = 5
"""Prompts that the assignment asks for."""

_COLUMNS, _MOST = 4, 48  # pictures of a row, and of a sheet
_CELL, _LINE, _LETTERS, _LINES = 1.9, 0.125, 35, 4  # inches of a cell and of a line under it; letters, and lines
_GAP = 0.05  # of a cell's width, between two pictures
_LEVELS = 2  # of 255, by which rounding may move a pixel between batches


@deliverable("S0.29", "Prompts on which a text-to-image model fails",
             question="Find text prompts on which Stable Diffusion fails, and show the pictures.")
def pictures(context: Context) -> Answer:
    """The contact sheet, and what is certain of each picture: what the encoder read, what was made black."""
    found, prompts = drawings(context), sheet(context)
    if isinstance(found, str):
        return Answer(missing=found)
    return Answer(
        text=(_setting(context, found),
              "Every picture's noise is a function of the seed and of its number among its prompt's pictures, of "
              "nothing else: prompts that differ in a word start alike, and neither the order of the file nor the "
              "size of a batch changes a picture.",
              *_read(found, prompts), *_black(found)),
        figures=_sheets(context, found, prompts),
        tables=(_table(found, prompts),),
        results=tuple(_results(context, found, prompts)),
        source="Rombach et al. 2022; Ho & Salimans 2021 (guidance)",
    )


def judged(prompts: Sheet) -> tuple[int, int]:
    """Prompts that fail, as their reader says, and prompts that a reader has judged."""
    said = [each.verdict for each in prompts if each.verdict]
    return said.count("fails"), len(said)


def contact_sheet(pictures: Sequence[Tensor], words: Sequence[str], columns: int = _COLUMNS) -> "Canvas":
    """Pictures (3, H, W), each with the first lines of its prompt under it."""
    lines = ["\n".join(_lines(each)) for each in words]
    tall = max(each.shape[1] / each.shape[2] for each in pictures) * _CELL + _LINE * _LINES + 0.12
    return _draw_sheet(pictures, lines, min(columns, len(pictures)), tall)


@styled()
def _draw_sheet(pictures: Sequence[Tensor], lines: Sequence[str], columns: int, tall: float) -> "Canvas":
    rows = -(-len(pictures) // columns)
    figure, each = canvas(_CELL * columns, tall * rows, rows, columns)
    figure.set_layout_engine("none")
    for k, axes in enumerate(each):
        axes.set_axis_off()
        if k >= len(pictures):
            continue
        picture, (row, column) = pictures[k], divmod(k, columns)
        share = picture.shape[1] / picture.shape[2] * _CELL / (tall * rows)
        # the frames stand where they should: what is written below them must not move them
        axes.set_position(((column + _GAP / 2) / columns, 1 - (row + _GAP / 4) / rows - share * (1 - _GAP),
                           (1 - _GAP) / columns, share * (1 - _GAP)))
        axes.imshow(picture.permute(1, 2, 0).numpy(), interpolation="auto", aspect="auto")
        # no parsing: a prompt may have dollar signs in it
        axes.text(0, -0.03, lines[k], transform=axes.transAxes, va="top", fontsize=6.4, color=INK, parse_math=False)
    return figure


def _lines(text: str) -> list[str]:
    found = textwrap.wrap(text, _LETTERS)
    return found if len(found) <= _LINES else [*found[: _LINES - 1], found[_LINES - 1][: _LETTERS - 1] + "…"]


def _setting(context: Context, found: Drawings) -> str:
    asked, model, drawing = options(context), found.model, found.drawing
    own = "its own scheduler" if asked.scheduler == "own" else "the scheduler"
    negative = f", negative prompt “{asked.negative_prompt}”" if asked.negative_prompt else ""
    idle = " (at 1 and below nothing is guided, and no negative prompt is read)" if asked.guidance <= 1 else ""
    parts = ", ".join(f"{number(count)} in {name.replace('_', ' ')}" for name, count in model.parameters.items())
    fresh = [each.seconds for each in found.pictures]
    return (f"{model.found.place}: parameters {parts}; sha256 {model.digest[:12]} of its weights. {drawing.size} × "
            f"{drawing.size} pixels, {drawing.steps} steps of {own} ({model.scheduler}), guidance "
            f"{asked.guidance:g}{idle}{negative}, {model.dtype} on {model.device}; "
            f"{duration(sum(fresh) / len(fresh))} a picture.")


def _read(found: Drawings, prompts: Sheet) -> list[str]:
    cut = [(each.prompt, length) for each, length in zip(prompts, found.lengths, strict=True) if length.cut]
    return [f"“{prompt[:60]}…” has {length.tokens} tokens, and the encoder reads {length.limit}: it never hears "
            f"of “{length.cut}”." for prompt, length in cut]


def _black(found: Drawings) -> list[str]:
    if not found.model.checks:
        return ["The model brings no safety checker, so no picture was looked at by one."]
    count = sum(each.blanked for each in found.pictures)
    return [f"The model's safety checker was left on, as its makers ship it; it made {count or 'none'} of the "
            f"{len(found.pictures)} pictures black."
            + (" A black picture is no failure of the kinds looked for here: change the words or the seed." if count
               else "")]


def _sheets(context: Context, found: Drawings, prompts: Sheet) -> tuple[Figure, ...]:
    columns = min(_COLUMNS, options(context).pictures) if options(context).pictures > 1 else _COLUMNS
    each, made = list(found.pictures), []
    for first in range(0, len(each), _MOST):
        part = each[first : first + _MOST]
        name = "sheet" if len(each) <= _MOST else f"sheet-{first // _MOST + 1}"
        words = [_under(one, prompts, found) for one in part]
        figure = contact_sheet([one.pixels for one in part], words, columns)
        made.append(_saved(context, figure, name, words, found))
    return tuple(made)


def _under(one: Picture, prompts: Sheet, found: Drawings) -> str:
    again = f" ({one.k + 1})" if len(found.of(one.place)) > 1 else ""
    return f"{one.place + 1}{again}. {prompts[one.place].prompt}" + (" [made black]" if one.blanked else "")


def _saved(context: Context, figure: "Canvas", name: str, words: Sequence[str], found: Drawings) -> Figure:
    from genloom.report.figures import save_figure

    return save_figure(figure, context.folder / "figures" / f"{name}.png", provenance(context, found.model),
                       caption="All pictures in the order of their prompts, none left out and none drawn twice.",
                       alt=f"A sheet of {len(words)} pictures: {'; '.join(words)[:1500]}", folder=context.folder)


def _table(found: Drawings, prompts: Sheet) -> Table:
    rows = []
    for place, (each, length) in enumerate(zip(prompts, found.lengths, strict=True)):
        own = found.of(place)
        black = sum(one.blanked for one in own)
        rows.append((str(place + 1), each.prompt, each.family or "—", f"{length.tokens} of {length.limit}",
                     f"{black} of {len(own)}", fixed(sum(one.seconds for one in own) / len(own), 1),
                     each.verdict or "not judged yet"))
    return Table(header=("", "prompt", "family", "tokens", "made black", "seconds each", "the reader's verdict"),
                 rows=tuple(rows), caption="The prompts. A verdict is read from the file of prompts.")


def _results(context: Context, found: Drawings, prompts: Sheet) -> list[Result]:
    fails, said = judged(prompts)
    asked = Result(name="prompts that fail, as their reader says", value=fails if said else None, known=ASKED,
                   known_name="asked for", n=said or None, tolerance=f"at least {ASKED}")
    too_long = sum(bool(each.cut) for each in found.lengths)
    results = [
        at_least(asked, ASKED) if said else asked,
        near(Result(name="pictures that are there", value=len(found.pictures),
                    known=len(prompts) * options(context).pictures, known_name="prompts times pictures of each"), 0),
        Result(name="prompts that the encoder reads in part", value=too_long, n=len(prompts), unit="prompts"),
        Result(name="pictures that the safety checker made black", n=len(found.pictures),
               value=sum(each.blanked for each in found.pictures) if found.model.checks else None),
    ]
    alone = _alone(context, found, prompts)
    return results if alone is None else [*results, alone]


def _alone(context: Context, found: Drawings, prompts: Sheet) -> Result | None:
    """A picture that came in a batch beside the same drawn alone; None where each was drawn alone."""
    if options(context).batch == 1 or len(found.pictures) == 1:
        return None
    from genloom.studies.text_to_image.drawing import seed_of

    first = found.pictures[-1]
    again = found.model.draw([prompts[first.place].prompt], [seed_of(context.seed, first.k)], found.drawing)
    apart = int((again.pictures[0].int() - first.pixels.int()).abs().max())
    result = Result(name="largest change of a pixel when a picture is drawn alone", value=apart, known=0,
                    unit="of 255", known_name="a picture does not depend on its batch",
                    tolerance=f"within {_LEVELS}, by rounding")
    # in half precision rounding alone moves whole outlines
    return near(result, _LEVELS) if found.model.dtype == "float32" else result


def picture_path(one: Picture, folder: Path) -> str:
    """Where a picture lies, seen from the study's folder."""
    return one.path.relative_to(folder).as_posix()
