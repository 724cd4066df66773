from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from genloom.recipes.build_classifiers import ClassifierExperiment, make_process
from genloom.recipes.classifier_guidance import TrainedClassifier
from genloom.recipes.classifiers import Network as ClassifierNetwork
from genloom.recipes.classifiers import digit_classifier, digit_classifier_noisy
from genloom.recipes.images import Network, ddpm_digits
from genloom.rng import StepRng
from genloom.studies import at_hand
from genloom.studies.context import Context
from genloom.studies.guided_sampling import deliverables, exact, judges, work

_DATA = replace(ddpm_digits().data, source="digits", size=8)
_SIZES = work.Sizes(samples=40, ddpm=(5, 10, 25), ddim=(5, 10, 25), half=(5, 10), fast=(5, 10), heun=(3, 5), guided=20,
                    guided_steps=5, references=400, real=96, counted=4, batch=64)


def tiny_recipe(name: str, tier: str = "laptop"):
    """The study's recipe at a size that trains and samples in a moment."""
    base = ddpm_digits()
    return replace(base, network=Network(width=8, multipliers=(1, 2), blocks=1, attention=(), heads=1,
                                         conditioning="class"),
                   engine=replace(base.engine, steps=60, batch_size=32, log_every=10, threads=1, tensorboard=False,
                                  precision="32"),
                   evaluation=replace(base.evaluation, samples=40, features="pixels"))


def tiny_classifier(name: str) -> TrainedClassifier:
    """A classifier of 8 × 8 digits after some steps of Adam."""
    base = digit_classifier_noisy() if name.endswith("noisy") else digit_classifier()
    recipe = replace(base, data=_DATA, network=ClassifierNetwork(width=8, multipliers=(1, 2)))
    experiment = ClassifierExperiment(recipe)
    method, networks = experiment.job().method, {"classifier": experiment.network}
    optimizer = torch.optim.Adam(experiment.network.parameters(), lr=5e-3)
    for step in range(150):
        rng = StepRng(0, step)
        picks = rng.integers(len(experiment.labels), (64,))
        batch = {"x": experiment.data.pictures[picks], "y": experiment.labels[picks]}
        for update in method.updates(networks, batch, rng):
            optimizer.zero_grad()
            update.loss.backward()
            optimizer.step()
    experiment.network.eval().requires_grad_(False)
    return TrainedClassifier(experiment.network, recipe, make_process(recipe), experiment.class_names, name, name * 4)


@pytest.fixture(scope="package")
def tiny(tmp_path_factory):
    """A context whose runs are tiny, on 8 × 8 digits; what items share is computed once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "recipe", tiny_recipe)
        patch.setattr(work, "SIZES", {"laptop": _SIZES})
        here = SimpleNamespace(**vars(at_hand) | {"digits": lambda root, size=8: at_hand.AtHand(_DATA, "small digits")})
        for module in (work, deliverables):  # of this study alone: others are tested in the same process
            patch.setattr(module, "at_hand", here)
        patch.setattr(judges, "load_classifier", tiny_classifier)
        patch.setattr(exact, "_COUNT", 600)
        patch.setattr(exact, "_ANCESTRAL", 150)
        context = Context(folder=tmp_path_factory.mktemp("guided"), study="guided-sampling", seed=3)
        work.digits(context)
        torch.set_flush_denormal(False)  # training set it for the whole process
        yield context
