"""The plainest way to fill a hidden place: look at the nearest visible one, and count what stood there in training."""

import torch
from torch import Tensor


class OneNeighbour:
    """p(x_i | the nearest visible token and where it stands), counted in training.

    (n(o, v, x) + m p(x)) / (n(o, v) + m) for a neighbour v at the offset o, with p(x) the shares of the tokens and m
    pseudo-counts; p(x) itself where nothing is visible. The counts are those of all pairs of places.

    tokens   (N, L) of training
    grid     rows and columns of the places, which give offsets and distances
    """

    def __init__(self, tokens: Tensor, grid: tuple[int, int], vocabulary: int, pseudo: float = 10.0) -> None:
        count, (rows, columns) = tokens.shape[1], grid
        places = torch.cartesian_prod(*(torch.arange(each) for each in grid))
        away = places[None, :, :] - places[:, None, :]
        kinds = (2 * rows - 1) * (2 * columns - 1)
        numbers = (away[..., 0] + rows - 1) * (2 * columns - 1) + away[..., 1] + columns - 1
        far = away.square().sum(-1).double() + torch.eye(count) * 1e9  # a place is not its own neighbour
        self.order = far.argsort(dim=1, stable=True)[:, :-1]
        self.offset = numbers.gather(1, self.order)
        self.shares = (torch.bincount(tokens.flatten(), minlength=vocabulary) + 1.0).double()
        self.shares /= self.shares.sum()
        table = torch.zeros(kinds * vocabulary**2, dtype=torch.float64)
        for place in range(count):
            neighbours = tokens[:, self.order[place]]
            index = (self.offset[place] * vocabulary + neighbours) * vocabulary + tokens[:, place, None]
            table += torch.bincount(index.flatten(), minlength=len(table))
        counts = table.view(kinds, vocabulary, vocabulary) + pseudo * self.shares
        self.log_p = (counts / counts.sum(-1, keepdim=True)).log()

    def loss(self, x: Tensor, hidden: Tensor) -> Tensor:
        """−log p of each place, in nats, (B, L) float64."""
        count = x.shape[1]
        visible = ~hidden[:, self.order.flatten()].view(len(x), count, count - 1)
        first = visible.to(torch.int8).argmax(-1)
        place = torch.arange(count)
        neighbour = x.gather(1, self.order[place, first])
        found = self.log_p[self.offset[place, first], neighbour, x]
        return -torch.where(visible.any(-1), found, self.shares.log()[x])

    def alone(self, x: Tensor) -> Tensor:
        """−log p(x) of each place, without any neighbour, in nats."""
        return -self.shares.log()[x]
