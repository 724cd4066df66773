"""The recipes and sizes of the study of i-CLEVR, such that they train and draw in a moment."""

from dataclasses import replace

from genloom.recipes import gans
from genloom.recipes.autoencoder import AutoencoderRecipe, kl_autoencoder
from genloom.recipes.autoencoder import Network as AutoencoderNetwork
from genloom.recipes.evaluator import Network as EvaluatorNetwork
from genloom.recipes.evaluator import evaluator_iclevr
from genloom.recipes.gans import GanRecipe
from genloom.recipes.images import Data, Network, ddpm_images
from genloom.studies.iclevr.sizes import Sizes

SIZE = 16
DATA = Data(source="scenes", size=SIZE, zoom=1.0, flip=False, scenes=150)
SIZES = Sizes(seeds=2, samples=24, ablation=48, ablation_seeds=1, updates=12, held_out=48, autoencoder=48,
                    samplers=(("ddpm", 1.0, 4), ("ddim", 0.0, 2), ("ddim", 0.0, 4), ("dpmpp-2m", 0.0, 2)),
                    scales=(0.0, 1.0, 3.0), pulls=(0.0, 2.0), guided_steps=2, stages=8, starts=4, alike=4, swaps=4)


def tiny_recipe(name: str, tier: str = "laptop"):
    """The study's recipes at sizes that train and sample in a moment."""
    made = {"ddpm-iclevr": _ddpm, "gan-iclevr": _gan, "evaluator-iclevr": _evaluator, "kl-autoencoder": _autoencoder}
    return made[name]()


def _engine(base, steps: int, batch: int = 16):
    return replace(base.engine, steps=steps, batch_size=batch, threads=1, tensorboard=False, log_every=2,
                   precision="32", evaluate_every=0, sample_every=0)


def _ddpm():
    base = ddpm_images()
    return replace(base, name="ddpm-iclevr", data=replace(DATA, source="iclevr", scenes=2000),
                   network=Network(width=8, multipliers=(1, 2), blocks=1, attention=(8,), heads=2,
                                   conditioning="tokens"),
                   engine=_engine(base, 12), sampling=replace(base.sampling, steps=4, guidance=2.0),
                   evaluation=replace(base.evaluation, samples=24, track=False))


def _gan() -> GanRecipe:
    base = gans.sngan()
    return replace(base, name="gan-iclevr", data=replace(DATA, source="iclevr", scenes=2000),
                   network=replace(base.network, width=4, told="norm", judging="projection+auxiliary"),
                   loss=replace(base.loss, evaluator="evaluator-iclevr-a"),
                   latent=replace(base.latent, size=8), engine=_engine(base, 12),
                   evaluation=replace(base.evaluation, samples=24, quick=16))


def _evaluator():
    base = evaluator_iclevr()
    return replace(base, data=replace(base.data, size=SIZE), network=EvaluatorNetwork(width=8, blocks=(1, 1)),
                   optimizer=replace(base.optimizer, lr=5e-3, warmup=10),
                   engine=replace(_engine(base, 200, 64), ema=0.9))


def _autoencoder() -> AutoencoderRecipe:
    base = kl_autoencoder()
    return replace(base, network=AutoencoderNetwork(width=8, multipliers=(1, 1), blocks=1, latent_channels=2),
                   engine=_engine(base, 8, 8))
