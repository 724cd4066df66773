"""Points of one's own, from a CSV or NPY file."""

from pathlib import Path

import torch

from genloom.data.pointset import PointSet
from genloom.data.table import Table, read_csv, read_npy
from genloom.errors import DataError, InputError
from genloom.rng import generator

_DRAW = 0x66696C65
_READERS = {".csv": read_csv, ".tsv": read_csv, ".txt": read_csv, ".npy": read_npy}
_SMALLEST_STD, _LARGEST_STD = 0.01, 10.0  # the noise of the schedules here lies between these


def file(count: int, seed: int, *, classes: int = 0, path: str = "") -> PointSet:
    """Points of a file with the columns x, y and, optionally, a class.

    count     how many of its rows, drawn without repetition; all of them, shuffled, where it has fewer
    classes   0, or the number of classes in the file: the distinct values of its third column in sorted order

    Errors: `DataError` for a file that is missing, unreadable, too large, or whose numbers are not finite, have the
    wrong shape or are far from unit scale; `InputError` for no path, an unknown ending, or another number of classes.
    """
    if not path:
        raise InputError("data.path", path, "a .csv or .npy file", "pass --data.path points.csv")
    source = Path(path)
    reader = _READERS.get(source.suffix.lower())
    if reader is None:
        raise InputError("data.path", path, f"a file ending in {', '.join(_READERS)}")
    table = reader(source)
    _check_scale(source, table)
    order = torch.randperm(len(table.points), generator=generator(seed, _DRAW))[:count]
    labels, names = _classes(source, table, classes)
    std = table.points.double().std(dim=0).tolist()
    facts = (f"{len(order)} of the {len(table.points)} points of {source.name}, "
             f"standard deviations {std[0]:.4g}, {std[1]:.4g}")
    return PointSet(table.points[order], labels if labels is None else labels[order], names, "file", facts)


def _classes(source: Path, table: Table, classes: int) -> tuple[torch.Tensor | None, tuple[str, ...]]:
    if classes == 0:
        return None, ()
    if classes != len(table.class_names):
        has = f"{source} has {len(table.class_names)} classes in its third column"
        raise InputError("data.classes", classes, f"0 or {len(table.class_names)}", has)
    return table.labels, table.class_names


def _check_scale(source: Path, table: Table) -> None:
    if len(table.points) < 2:
        raise DataError(f"{source}: {len(table.points)} points; give at least 2")
    for column, std in zip("xy", table.points.double().std(dim=0).tolist(), strict=True):
        if not _SMALLEST_STD <= std <= _LARGEST_STD:
            raise DataError(f"{source}: column {column} has standard deviation {std:.3g}, outside "
                            f"[{_SMALLEST_STD}, {_LARGEST_STD:g}]; scale the points to about [-1, 1]")
