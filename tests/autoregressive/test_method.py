import torch
from gpt_tiny import tiny_gpt
from torch.nn import functional as F

from genloom.autoregressive.method import LanguageModel
from genloom.rng import StepRng


def test_one_update_whose_loss_is_that_of_the_tokens_that_follow():
    network = tiny_gpt().train()
    tokens = torch.arange(9).expand(3, 9) % 11
    batch = {"x": tokens[:, :-1], "y": tokens[:, 1:]}
    (update,) = LanguageModel().updates({"gpt": network}, batch, StepRng(0, 0))
    expected = F.cross_entropy(network(batch["x"]).flatten(0, 1), batch["y"].flatten())
    assert update.optimizer == "gpt"
    torch.testing.assert_close(update.loss, expected, rtol=1e-5, atol=1e-6)


def test_the_first_loss_of_a_network_that_knows_nothing_is_log_v():
    from genloom.nn.gpt import GPT, GPTShape

    torch.manual_seed(0)
    network = GPT(GPTShape(vocabulary=300, width=32, blocks=2, heads=2, context=16))
    tokens = torch.randint(300, (8, 17))
    (update,) = LanguageModel().updates({"gpt": network}, {"x": tokens[:, :-1], "y": tokens[:, 1:]}, StepRng(0, 0))
    assert abs(update.loss.item() - torch.tensor(300.0).log().item()) < 0.05
