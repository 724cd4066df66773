"""How a language model is trained: every token of a window is predicted from those before it."""

from collections.abc import Iterator
from dataclasses import dataclass

from genloom.rng import StepRng
from genloom.training.method import Batch, Networks, Update


@dataclass(frozen=True, kw_only=True)
class LanguageModel:
    """A `Method`: the mean over a window of −log p(token i + 1 | tokens ≤ i), in nats.

    The batch has "x", tokens (B, L), and "y", those that follow each, (B, L). [Radford et al. 2018, Eq. 1]

    name   of the network and of its optimizer
    """

    name: str = "gpt"

    def updates(self, networks: Networks, batch: Batch, rng: StepRng) -> Iterator[Update]:
        """The one loss of a step; dropout draws from torch's own generator, which the engine seeds."""
        yield Update(self.name, networks[self.name](batch["x"], targets=batch["y"]), {})
