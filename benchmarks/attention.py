"""Recording all attention against one plain forward pass, and against what timm offers.

The processor's time is compared, not the clock's: each pair is run in turn on one thread.
"""

import time
import warnings

from benchmarks.pairs import in_turn, ratio, table

NETWORKS = {  # ours or torchvision's, the size of its image, and timm's twin
    "torchvision/vit_b_16": ((224, 224), "vit_base_patch16_224"),
    "torchvision/swin_t": ((224, 224), "swin_tiny_patch4_window7_224"),
    "torchvision/maxvit_t": ((224, 224), "maxvit_tiny_tf_224"),
    "cvexplore/detr": ((480, 640), None),
}
ROUNDS = 9
PEERS = ("fx", "hook")


def main() -> None:
    import torch

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    heads = ["network", "maps", "MiB", "recorded", "and checked", "locating"]
    rows = [[name, *_ours(name, sides)] for name, (sides, _) in NETWORKS.items()]
    table("attention: recording every layer / plain forward", heads, rows)
    rows = [[twin, *_timm(twin)] for _, twin in NETWORKS.values() if twin]
    heads = [
        "timm's AttentionExtract",
        *(f"{peer} {what}" for peer in PEERS for what in ("maps", "ratio")),
    ]
    table("the same by timm, fused attention switched off as it needs", heads, rows)


def _ours(name: str, sides: tuple[int, int]) -> list[str]:
    import torch

    from cvexplore import catalog
    from cvexplore.attention import locate, record

    torch.manual_seed(0)
    model = catalog.build(name).eval().requires_grad_(False)
    image = torch.rand(1, 3, *sides)
    locations = locate(model, image)

    def plain() -> object:
        with torch.no_grad():
            return model(image)

    jobs = {
        "plain": plain,
        "recorded": lambda: record(model, image, locations=locations, check=False),
        "checked": lambda: record(model, image, locations=locations),
    }
    taken = in_turn(jobs, ROUNDS, time.process_time)
    once = in_turn({"plain": plain, "locate": lambda: locate(model, image)}, 2, time.process_time)
    size = sum(each.bytes for each in locations.values()) / 2**20
    ratios = [ratio(taken[job], taken["plain"]) for job in ("recorded", "checked")]
    located = ratio(once["locate"], once["plain"])
    numbers = [f"{each:.2f}" for each in (*ratios, located)]
    return [str(len(locations)), f"{size:.0f}", *numbers]


def _timm(name: str) -> list[str]:
    import timm
    import torch
    from timm.layers.config import set_fused_attn
    from timm.utils.attention_extract import AttentionExtract

    set_fused_attn(False)
    image = torch.rand(1, 3, 224, 224)
    cells = []
    for method in PEERS:
        torch.manual_seed(0)
        plain, watched = (timm.create_model(name).eval().requires_grad_(False) for _ in range(2))
        try:
            extract = AttentionExtract(watched, method=method)
        except (RuntimeError, AssertionError):
            cells += ["0", "-"]
            continue
        with torch.no_grad():
            found = len(extract(image))
            jobs = {
                "plain": lambda run=plain: run(image),
                "theirs": lambda run=extract: run(image),
            }
            taken = in_turn(jobs, ROUNDS, time.process_time)
        cells += [str(found), f"{ratio(taken['theirs'], taken['plain']):.2f}"]
    set_fused_attn(True)
    return cells
