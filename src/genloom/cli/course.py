"""The spelling of the course's `main.py` (S3.19), accepted beside the recipe's own flags."""

from collections.abc import Iterator, Sequence

from genloom.errors import InputError

COURSE: dict[str, tuple[str, ...]] = {
    "--image-size": ("--data.size",),
    "--batch-size": ("--engine.batch-size",),
    "--data-class": ("--data.category",),
    "--data-path": ("--data.folder",),
    "--save-folder": ("--out",),
    "--train-steps": ("--engine.steps",),
    "--time-steps": ("--schedule.steps",),
    "--unet-dim": ("--network.width",),
    "--learning-rate": ("--optimizer.lr",),
    "--save-and-sample-every": ("--engine.save-every", "--engine.sample-every"),
}
"""The course's flags that take a value, and what they set here."""

SWITCHES = ("--fid", "--visualize")
"""The course's flags without a value."""


def translated(args: Sequence[str]) -> list[str]:
    """The words with the course's flags in genloom's spelling; all others as they are.

    `--fid` also takes the Fréchet distance at each `--save_and_sample_every`. `--visualize` draws the forward and
    backward figures, which every report of a run has, so that it changes nothing.

    Errors: `InputError` for `--load_path`, whose two uses have commands of their own, for a flag without its value, and
    for a switch with one.
    """
    return list(_translated(list(args)))


def _translated(words: list[str]) -> Iterator[str]:
    judged = any(_name(word) == "--fid" for word in words)
    while words:
        word = words.pop(0)
        name, equals, value = word.partition("=")
        if _name(word) == "--load-path":
            path = value or (words[0] if words else "RUN")
            raise InputError(word, path, "left out: a trained model has commands of its own",
                             f"draw its figures with `genloom report {path}`, go on with `genloom resume {path}`")
        if _name(word) in SWITCHES and equals:
            raise InputError(name, value, "given without a value", f"write {name}")
        if _name(word) == "--fid":
            yield "--evaluation.track"
        elif _name(word) in COURSE:
            given = [value] if equals else [words.pop(0)] if words else []
            targets = COURSE[_name(word)]
            if judged and _name(word) == "--save-and-sample-every":
                targets = (*targets, "--engine.evaluate-every")
            if not given:
                raise InputError(name, None, "a value", f"write {name} VALUE")
            for target in targets:
                yield from (target, *given)
        elif _name(word) != "--visualize":
            yield word


def _name(word: str) -> str:
    return word.partition("=")[0].replace("_", "-")
