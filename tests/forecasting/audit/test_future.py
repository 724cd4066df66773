"""Perturbing the future finds the step that leaks, and lets pass what teacher forcing may see."""

import torch
import zoo
from test_probe import batch
from torch import Tensor, nn

from genloom.forecasting.audit.future import future
from genloom.forecasting.audit.probe import Probe


class Peeking(nn.Module):
    """Step t reads y at step t + ahead, times a weight."""

    def __init__(self, ahead: int, weight: float = 1.0) -> None:
        super().__init__()
        self.ahead, self.weight = ahead, weight

    def forward(self, x: Tensor, x_marks: Tensor, y_marks: Tensor, y: Tensor | None = None) -> Tensor:
        last = x[:, -1:].expand(-1, zoo.H, -1)
        return last if y is None else last + self.weight * y.roll(-self.ahead, 1)


def test_reading_the_step_before_is_teacher_forcing() -> None:
    class Before(nn.Module):
        def forward(self, x: Tensor, x_marks: Tensor, y_marks: Tensor, y: Tensor | None = None) -> Tensor:
            return x[:, -1:].expand(-1, zoo.H, -1) if y is None else torch.cat((x[:, -1:], y[:, :-1]), 1)

    found = future(Probe(Before(), batch()))
    assert (found.verdict, found.number) == ("pass", 0.0)
    assert found.said == "no forecast changes by what comes after it"


def test_reading_the_step_itself_or_later_ones_fails() -> None:
    for ahead in (0, 1, 5):
        found = future(Probe(Peeking(ahead), batch()))
        assert found.verdict == "fail"
        assert found.number is not None
        assert found.number > 1


def test_the_remedy_of_reading_the_answer_is_a_shift() -> None:
    torch.manual_seed(0)
    assert "shift what the decoder reads" in future(Probe(zoo.Taught(zoo.Recurrent(), shifted=False), batch())).remedy


def test_a_leak_of_a_thousandth_is_seen() -> None:
    found = future(Probe(Peeking(1, weight=1e-3), batch()))
    assert found.verdict == "fail"
    assert future(Probe(Peeking(1, weight=1e-8), batch())).verdict == "pass"


def test_a_model_that_ignores_y_is_told_apart_from_one_that_takes_none() -> None:
    assert "not looked at" in future(Probe(zoo.Dropping(), batch())).said
    assert "nothing of the future but the calendar" in future(Probe(zoo.Linear(), batch())).said


def test_a_leak_in_training_alone_is_found_in_training_alone() -> None:
    torch.manual_seed(0)
    probe = Probe(zoo.Taught(zoo.OverTime(batch=True)), batch())
    assert future(probe).verdict == "pass"
    assert future(probe, training=True).verdict == "fail"
