"""What a family can be asked to draw; whatever else is asked for is refused, so that nothing is ignored silently."""

from collections.abc import Collection

from genloom.errors import InputError
from genloom.recipes.experiment import SampleRequest

SAMPLER = ("sampler", "steps", "spacing", "eta", "guidance", "classifier")
"""Options of sampling by a diffusion model."""
TEXT = ("prompt", "tokens", "temperature", "top_k", "top_p", "min_p", "repetition", "past")
"""Options of writing by a language model."""


def refuse_idle(request: SampleRequest, family: str, takes: Collection[str], why: str, remedy: str = "") -> None:
    """Refuse what was asked for and would change nothing.

    family   what draws, with its article: "a GAN of pictures"
    takes    the options that it has, beside the number of samples and the seed
    why      why it has no other of the options of a sampler

    Errors: `InputError` that names the option, and those that there are.

    >>> refuse_idle(SampleRequest(prompt="Alice"), "a GAN of points", (), "it makes its points in one step")
    Traceback (most recent call last):
    genloom.errors.InputError: prompt = 'Alice': must be left out: only a language model takes it; a GAN of points takes
    --count and --seed
    """
    for name in (*SAMPLER, "labels", *TEXT):
        value = getattr(request, name)
        if value is None or name in takes:
            continue
        reason = {"labels": "this model knows no classes"}.get(name, why)
        raise InputError(name, value, f"left out: {'only a language model takes it' if name in TEXT else reason}",
                         remedy or f"{family} takes {_listed(takes)}")


def _listed(takes: Collection[str]) -> str:
    flags = ["--" + name.replace("_", "-") for name in ("count", *takes, "seed")]
    return f"{', '.join(flags[:-1])} and {flags[-1]}"
