"""The benchmarks by name; free of torch."""

from dataclasses import dataclass

from genloom.errors import UnknownName


@dataclass(frozen=True)
class Entry:
    """A benchmark: its function as "module:function", and what it compares in one line."""

    function: str
    summary: str


BENCHMARKS: dict[str, Entry] = {
    "points": Entry("genloom.benchmarks.points:bench",
                    "2-D diffusion: training against a plain loop, sampling against diffusers' DDPM scheduler"),
    "images": Entry("genloom.benchmarks.images:bench",
                    "U-Nets of pictures: training and sampling against diffusers, weight for weight"),
    "gan": Entry("genloom.benchmarks.gan:bench",
                 "a generator and a discriminator of digits: training against a plain loop in float32"),
    "gpt": Entry("genloom.benchmarks.gpt:bench",
                 "a small GPT: training against transformers and plain loops, writing against transformers' cache"),
    "forecasting": Entry("genloom.benchmarks.forecasting:bench",
                         "the standard Transformer on series: training against torch's layers and written-out "
                         "attention"),
}


def benchmark(name: str) -> Entry:
    """The benchmark of this name.

    Errors: `UnknownName` with the nearest one that is there.
    """
    if name not in BENCHMARKS:
        raise UnknownName("benchmark", name, list(BENCHMARKS))
    return BENCHMARKS[name]
