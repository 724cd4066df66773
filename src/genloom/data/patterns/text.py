"""Any short text as a point pattern."""

import math

import torch

from genloom.data.glyphs import draw, glyphs
from genloom.data.pointset import PointSet, group
from genloom.rng import generator

_DRAW = 0x74657874


def text(count: int, seed: int, *, classes: int = 0, text: str = "CS446") -> PointSet:
    """Points uniform inside the letters of `text` (DejaVu Sans Bold), the longer side of the whole from −1 to 1.

    p(x) = 1/area inside the letters, so a letter is as probable as it is large.

    classes   0, or 2 to the number of letters, blanks not counted

    Errors: `InputError` for another number of classes, an empty or too long text, or a character the font lacks.
    """
    letters = glyphs(text)
    grouping = group([letter.name for letter in letters], classes)
    random = generator(seed, _DRAW)
    areas = torch.tensor([letter.area for letter in letters], dtype=torch.float64)
    part = torch.multinomial(areas / areas.sum(), count, replacement=True, generator=random)
    points = torch.empty(count, 2)
    for i, letter in enumerate(letters):
        mine = part == i
        points[mine] = draw(letter, int(mine.sum()), random).float()
    area = float(areas.sum())
    facts = f"uniform inside the letters “{text}”, area {area:.4f}, log density {-math.log(area):.4f} in them"
    labels = torch.tensor(grouping.part_labels)[part] if grouping else None
    return PointSet(points, labels, grouping.names if grouping else (), "text", facts)
