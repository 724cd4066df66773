"""The theory pages of docs/, made from the written questions: `python -m genloom.studies.written.pages docs/theory`."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from genloom.errors import DataError
from genloom.report.results import write_atomically
from genloom.studies.written.deliverables import WRITTEN
from genloom.studies.written.proof import Written


class Topic(NamedTuple):
    """One page: its file, its title, what it is about, and its questions in the order of the argument."""

    file: str
    title: str
    about: str
    numbers: tuple[str, ...]


TOPICS = (
    Topic("process.md", "The process, forwards and one step back",
          "A chain that adds noise, where it ends, how to draw from it, and its steps turned round.",
          ("S0.19", "S3.11", "S3.12", "S4.6", "S3.13", "S3.14", "S0.20", "S4.7")),
    Topic("bounds.md", "The bound and the density",
          "What a diffusion model maximises, term by term, and what it says of the density itself.",
          ("S4.4", "S3.9", "S3.10", "S3.15", "S4.5")),
    Topic("completing.md", "Completing what is known in part",
          "A posterior score with a mask, the loss of an inpainting network, and what it lacks.",
          ("S4.8", "S3.6", "S3.7", "S3.8")),
    Topic("games.md", "What a discriminator measures",
          "The best discriminator, the divergence that it makes of the objective, and where gradients vanish.",
          ("S4.1", "S4.2", "S4.3")),
    Topic("networks.md", "Padding, masks and graphs",
          "Layers that keep a size, masks that hide the future, and models of sequences as graphs.",
          ("S3.1", "S3.2", "S0.5", "S0.6", "S3.3", "S3.4", "S3.5")),
    Topic("representations.md", "Learning without labels",
          "How such models are judged, what masking and contrast do, and classes that are named by sentences.",
          ("S4.9", "S4.10", "S4.11", "S4.12")),
)


def pages(written: Sequence[Written] = WRITTEN) -> dict[str, str]:
    """The text of each page by its file's name, of the topics that have a question.

    Errors: `DataError` for a question that is on no page.
    """
    there = {each.number: each for each in written}
    placed = {number for topic in TOPICS for number in topic.numbers}
    if homeless := sorted(there.keys() - placed):
        raise DataError(f"{', '.join(homeless)}: on no theory page; give each a place in TOPICS")
    chosen = {topic: [there[number] for number in topic.numbers if number in there] for topic in TOPICS}
    return {topic.file: _page(topic, questions) for topic, questions in chosen.items() if questions}


def write(folder: Path) -> list[Path]:
    """Write all pages into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    return [write_atomically(folder / name, text.encode()) for name, text in pages().items()]


def markdown(text: str) -> str:
    r"""A paragraph with LaTeX between dollar signs as Markdown that shows its formulas on GitHub and GitLab.

    >>> markdown("So $a_1 < b$ for *all* of them.")
    'So $`a_1 < b`$ for \\*all\\* of them.'
    >>> print(markdown("$$x = 1$$"))
    ```math
    x = 1
    ```
    """
    if text.startswith("$$") and text.endswith("$$"):
        return f"```math\n{text[2:-2]}\n```"
    pieces = re.split(r"(?<!\\)\$", text)
    return "".join(f"$`{piece}`$" if k % 2 else re.sub(r"([*_<|])", r"\\\1", piece) for k, piece in enumerate(pieces))


def _page(topic: Topic, questions: Sequence[Written]) -> str:
    head = [f"# {topic.title}", topic.about,
            "`genloom study written` runs the check of every question here and shows its numbers and figures. This "
            "page is made by `make theory` from the same objects, in `src/genloom/studies/written/`."]
    links = [f"- [{each.number} {each.title}](#{_anchor(each)})" for each in questions]
    return "\n\n".join([*head, "\n".join(links), *(_section(each) for each in questions)]) + "\n"


def _section(question: Written) -> str:
    parts = [f"## {question.number} {question.title}", f"**Asked.** {markdown(question.statement)}",
             *(markdown(step) for step in question.derivation)]
    if question.erratum:
        parts.append(f"**The printed answer.** {markdown(question.erratum)}")
    parts.append(f"Source: {markdown(question.source)}. Check: `genloom study written --only {question.number}`.")
    if question.carried:
        rows = [f"| `{function}` | `{test}` |" for function, test in question.carried]
        parts.append("\n".join(["| function | test |", "|---|---|", *rows]))
    return "\n\n".join(parts)


def _anchor(question: Written) -> str:
    """The anchor of a heading as GitHub and GitLab make it: letters, digits and hyphens of the text in small."""
    kept = re.sub(r"[^\w\- ]", "", f"{question.number} {question.title}".lower())
    return kept.replace(" ", "-")


if __name__ == "__main__":
    for made in write(Path(sys.argv[1])):
        print(made)
