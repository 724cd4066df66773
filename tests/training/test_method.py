import torch
from training_jobs import Adversarial, Regression, adversarial, data, engine, regression

from genloom.rng import StepRng
from genloom.training.method import Update


def test_methods_are_generators_of_updates_and_functions_of_their_rng():
    batch = data().batch(torch.arange(8))
    for method, job in ((Regression(), regression(engine(), plain=True)), (Adversarial(), adversarial(engine()))):
        first, second = (list(method.updates(job.networks, batch, StepRng(0, 3))) for _ in range(2))
        assert all(isinstance(update, Update) and update.loss.ndim == 0 for update in first)
        assert [u.loss.item() for u in first] == [u.loss.item() for u in second]
    assert [update.optimizer for update in first] == ["critic", "critic", "generator"]
