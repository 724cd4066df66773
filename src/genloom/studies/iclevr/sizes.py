"""How much is trained, drawn and judged, by tier."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much is trained, drawn and judged beyond the two models and the two evaluators.

    seeds         sampling seeds of the accuracies that are reported
    samples       pictures of each model that stand beside real ones
    ablation      pictures that each model of the ablations is shown, and `ablation_seeds` its sampling seeds
    updates       of each loss of the GAN, both networks together
    held_out      pictures that the model without some label sets is shown
    autoencoder   pictures that the autoencoder is shown
    samplers      (sampler, η, steps) that are compared
    scales        of classifier-free guidance, and `pulls` of the evaluator's
    guided_steps  of the ways to guide
    stages        of the denoising row, and `starts` from which labels are looked for on the way
    alike         pictures of one label set whose variety is looked at
    swaps         pictures in which one attribute is changed
    """

    seeds: int = 3
    samples: int = 512
    ablation: int = 32_000
    ablation_seeds: int = 2
    updates: int = 600
    held_out: int = 60_000
    autoencoder: int = 12_000
    samplers: tuple[tuple[str, float, int], ...] = (
        ("ddpm", 1.0, 25), ("ddpm", 1.0, 100), ("ddim", 0.0, 10), ("ddim", 0.0, 25), ("ddim", 0.0, 50),
        ("ddim", 1.0, 25), ("dpmpp-2m", 0.0, 10), ("dpmpp-2m", 0.0, 20))
    scales: tuple[float, ...] = (0.0, 1.0, 2.0, 4.0, 8.0)
    pulls: tuple[float, ...] = (0.0, 1.0, 4.0, 16.0)
    guided_steps: int = 25
    stages: int = 10
    starts: int = 32
    alike: int = 16
    swaps: int = 32


SIZES = {
    "laptop": Sizes(),
    "gpu": Sizes(samples=2000, ablation=400_000, ablation_seeds=3, updates=8000, held_out=1_000_000,
                 autoencoder=400_000, guided_steps=50, starts=128, alike=32, swaps=128,
                 samplers=(("ddpm", 1.0, 50), ("ddpm", 1.0, 250), ("ddpm", 1.0, 1000), ("ddim", 0.0, 10),
                           ("ddim", 0.0, 25), ("ddim", 0.0, 50), ("ddim", 0.0, 250), ("ddim", 1.0, 50),
                           ("ddim", 1.0, 250), ("dpmpp-2m", 0.0, 10), ("dpmpp-2m", 0.0, 20))),
}
"""By tier."""
