"""Features are what comes into the head, also while another session asks the same network."""

import threading

import torch
from torch import Tensor, nn

from cvexplore.training import heads


class Waiting(nn.Module):
    """A network in which two passes are under way at once."""

    def __init__(self) -> None:
        super().__init__()
        self.both = threading.Barrier(2, timeout=20)
        self.body = nn.Flatten()
        self.head = nn.Linear(4, 3)

    def forward(self, images: Tensor) -> Tensor:
        self.both.wait()
        found = self.head(self.body(images))
        self.both.wait()
        return found


def test_two_sessions_never_see_each_others_features() -> None:
    network = Waiting()
    images = {each: torch.full((1, 1, 2, 2), float(each)) for each in (1, 2)}
    found: dict[int, Tensor] = {}

    def ask(session: int) -> None:
        found[session] = heads.entering(network, network.head, images[session])[0]

    sessions = [threading.Thread(target=ask, args=(each,)) for each in images]
    for each in sessions:
        each.start()
    for each in sessions:
        each.join()
    for session, image in images.items():
        assert torch.equal(found[session], image.flatten(1))


def test_maps_and_tokens_are_averaged_over_their_places() -> None:
    maps, tokens = torch.rand(2, 5, 3, 4), torch.rand(2, 7, 5)
    by_convolution, by_token = nn.Conv2d(5, 3, 1), nn.Linear(5, 3)
    found, answer = heads.entering(by_convolution, by_convolution, maps)
    assert torch.equal(found, maps.mean((2, 3)))
    assert torch.equal(answer, by_convolution(maps))
    assert torch.equal(heads.entering(by_token, by_token, tokens)[0], tokens.mean(1))


def test_finding_a_head_leaves_what_is_frozen_asleep() -> None:
    """A frozen batch normalisation that is woken goes on counting, and a resume would differ."""
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))
    network.train()
    network[1].eval()
    before = network[1].running_mean.clone()
    assert heads.find(network, torch.ones(1, 1, 4, 4), 3) == "3"
    assert [each.training for each in network] == [True, False, True, True]
    assert torch.equal(network[1].running_mean, before)
