"""Published weights: fetched once, whole or not at all, here from a server of our own."""

import contextlib
import hashlib
import http.server
import io
import os
import pickle
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save
from torch import Tensor, nn
from torchvision.models import WeightsEnum, get_model_builder

from cvexplore import catalog, folders
from cvexplore.catalog import build, downloads, timm_models, torchvision_models
from cvexplore.catalog.build import _file_name
from cvexplore.errors import WeightsError

NAME = "torchvision/resnet18"


@dataclass
class Library:
    """A server of files, which counts what it is asked for."""

    address: str
    files: dict[str, bytes] = field(default_factory=dict)
    answer: Callable[[Any, bytes], None] | None = None  # how to answer other than soundly
    asked: list[str] = field(default_factory=list)

    def publish(self, name: str, data: bytes) -> str:
        self.files[f"/{name}"] = data
        return f"{self.address}/{name}"


@pytest.fixture
def library() -> Iterator[Library]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shelf.asked.append(self.path)
            data = shelf.files.get(self.path)
            if data is None:
                self.send_error(404)
            elif shelf.answer:
                shelf.answer(self, data)
            else:
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    self.wfile.write(data)

        def log_message(self, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    shelf = Library(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield shelf
    server.shutdown()
    thread.join()
    server.server_close()


def as_pth(state: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def hashed(stem: str, data: bytes) -> str:
    return f"{stem}-{hashlib.sha256(data).hexdigest()[:8]}.pth"


def published_at(monkeypatch: pytest.MonkeyPatch, address: str | None) -> None:
    for module in (torchvision_models, timm_models):
        monkeypatch.setattr(module, "weights_address", lambda name: address)


def kept() -> list[str]:
    return sorted(path.name for path in folders.downloads().glob("*"))


@pytest.fixture
def good(library: Library, monkeypatch: pytest.MonkeyPatch) -> nn.Module:
    """Return the network whose weights the server publishes as those of resnet18."""
    model = build(NAME)
    data = as_pth(model.state_dict())
    published_at(monkeypatch, library.publish(hashed("resnet18", data), data))
    return model


# --- A good file ---


def test_published_weights_are_fetched_once(good: nn.Module, library: Library) -> None:
    assert not catalog.published_is_here(NAME)
    for _ in range(2):
        fetched = build(NAME, weights="pretrained").state_dict()
        assert all(torch.equal(fetched[n], t) for n, t in good.state_dict().items())
    assert library.asked == [f"/{name}" for name in kept()]
    assert catalog.published_is_here(NAME)
    assert catalog.fetch_published(NAME).parent == folders.downloads()


def test_a_file_that_is_here_is_not_asked_for(library: Library) -> None:
    address = library.publish("weights", b"data")
    assert downloads.download(address, "mine") == downloads.download(address, "mine")
    assert library.asked == ["/weights"]


def test_progress_is_told_to_the_last_byte(good: nn.Module, library: Library) -> None:
    told: list[tuple[int, int]] = []
    file = catalog.fetch_published(NAME, lambda done, whole: told.append((done, whole)))
    size = file.stat().st_size
    assert told[-1] == (size, size)
    assert {whole for _, whole in told} == {size}
    assert len(told) == -(-size // (1 << 20))
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    told.clear()
    build(NAME, weights="pretrained", on_progress=lambda *place: told.append(place))
    assert told == []


def test_a_server_that_tells_no_size_will_do(good: nn.Module, library: Library) -> None:
    def sizeless(handler: Any, data: bytes) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(data)

    library.answer = sizeless
    told: list[int] = []
    file = catalog.fetch_published(NAME, lambda done, whole: told.append(whole))
    assert set(told) == {0}
    assert file.read_bytes() == next(iter(library.files.values()))


def test_what_torch_downloaded_is_not_fetched_again(
    good: nn.Module, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    ((path, data),) = library.files.items()
    theirs = tmp_path / "hub" / "checkpoints" / path[1:]
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(data)
    assert catalog.fetch_published(NAME) == theirs
    assert library.asked == []
    assert kept() == []


def test_threads_that_want_one_file_all_get_it(good: nn.Module, library: Library) -> None:
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: found.append(catalog.fetch_published(NAME).read_bytes()))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == list(library.files.values()) * 4
    assert len(kept()) == 1


# --- What goes wrong leaves one sentence and nothing half-written ---


def cut(handler: Any, data: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data[: len(data) // 2])


def cut_chunk(handler: Any, data: bytes) -> None:
    handler.protocol_version = "HTTP/1.1"
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"%x\r\n" % len(data) + data[: len(data) // 2])
    handler.close_connection = True


def changed(handler: Any, data: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data[:-1] + bytes([data[-1] ^ 1]))


def rude(handler: Any, data: bytes) -> None:
    handler.wfile.write(b"go away\r\n\r\n")


def lying(handler: Any, data: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "many")
    handler.end_headers()


def hanging_up(handler: Any, data: bytes) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (cut, r"could not be downloaded from 127\.0\.0\.1:\d+ \(the connection ended after"),
        (cut_chunk, r"could not be downloaded from .*IncompleteRead"),
        (changed, "sent is not the published resnet18-.*; try again"),
        (rude, "could not be downloaded from"),
        (lying, "could not be downloaded from"),
        (hanging_up, "could not be downloaded from"),
        (lambda handler, data: handler.send_error(503), "could not be downloaded .*Unavailable"),
    ],
    ids=["cut", "cut chunk", "changed", "rude", "lying", "hanging up", "unavailable"],
)
def test_a_broken_download_is_one_sentence(
    good: nn.Module, library: Library, answer: Any, says: str
) -> None:
    library.answer = answer
    with pytest.raises(WeightsError, match=says) as caught:
        build(NAME, weights="pretrained")
    assert "\n" not in str(caught.value)
    assert kept() == []
    library.answer = None
    assert build(NAME, weights="pretrained")  # and the next time it works


def test_no_network_is_one_sentence_that_says_what_else_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    published_at(monkeypatch, f"http://127.0.0.1:{port}/resnet18-00000000.pth")
    with pytest.raises(WeightsError, match=r"refused.*\. With no network, use bundled weights"):
        build(NAME, weights="pretrained")
    assert kept() == []


def test_a_file_that_is_not_there_is_one_sentence(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    published_at(monkeypatch, f"{library.address}/resnet18-00000000.pth")
    with pytest.raises(WeightsError, match=r"resnet18-00000000.pth could not .*Not Found"):
        build(NAME, weights="pretrained")


class Cancelled(Exception):
    pass


def test_raising_in_progress_cancels(good: nn.Module, library: Library) -> None:
    def cancel(done: int, whole: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        build(NAME, weights="pretrained", on_progress=cancel)
    assert kept() == []


def test_a_full_disk_is_one_sentence(good: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(WeightsError, match="No space left on device"):
        build(NAME, weights="pretrained")
    assert kept() == []


@pytest.mark.parametrize("name", ["cvexplore/resnet", "timm/test_vit"])
def test_where_none_are_published_it_says_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    published_at(monkeypatch, None)
    with pytest.raises(WeightsError, match=f"No published weights exist for {name}"):
        build(name, weights="pretrained")
    assert not catalog.published_is_here(name)


@pytest.mark.parametrize("name", ["../../evil.pth", "a/b.pth", "x\x00y", "Ünï cödé.pth"])
def test_no_name_leads_out_of_the_folder(library: Library, name: str) -> None:
    address = library.publish("weights", b"data")
    file = downloads.download(address, name)
    assert file.parent == folders.downloads()
    assert file.read_bytes() == b"data"


# --- What is fetched and fits no network, or is no weights ---


def test_options_other_than_the_published_do_not_fit(good: nn.Module) -> None:
    with pytest.raises(WeightsError, match=r"resnet18-\w+.pth does not fit .* fc.bias"):
        build(NAME, weights="pretrained", classes=10)


def test_a_published_pickle_is_not_run(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Bomb:
        def __reduce__(self) -> tuple:
            return os.system, (f"touch {tmp_path / 'it_ran'}",)

    bombs = {"torch": as_pth({"fc.weight": Bomb()}), "pickle": pickle.dumps(Bomb(), protocol=2)}
    for how, data in bombs.items():
        for name in (NAME, "timm/resnet18"):
            published_at(monkeypatch, library.publish(f"{how}-{name.replace('/', '-')}.pth", data))
            with pytest.raises(WeightsError):
                build(name, weights="pretrained")
            (folders.downloads() / kept()[0]).unlink()
    assert not (tmp_path / "it_ran").exists()


@pytest.mark.parametrize("name", ["torchvision/resnet18", "timm/resnet18"])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_published_file_that_is_damaged_is_said(
    name: str, suffix: str, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = {"conv1.weight": torch.zeros(64, 3, 7, 7)}
    data = as_pth(state) if suffix == ".pth" else save(state)
    published_at(monkeypatch, library.publish(f"half{suffix}", data[: len(data) // 2]))
    with pytest.raises(WeightsError, match=f"{suffix} cannot be "):
        build(name, weights="pretrained")


# --- Each library reads its own files ---


def old_names(name: str, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the state under the names that the published files still bear."""
    patterns = {
        "densenet121": [(r"(denselayer\d+\.(?:norm|conv))(\d)\.", r"\1.\2.")],
        "vit_b_32": [(r"mlp\.0\.", "mlp.linear_1."), (r"mlp\.3\.", "mlp.linear_2.")],
        "maskrcnn_resnet50_fpn": [
            (r"(inner|layer)_blocks\.(\d)\.0\.", r"\1_blocks.\2."),
            (r"rpn\.head\.conv\.0\.0\.", "rpn.head.conv."),
            (r"mask_head\.0\.0", "mask_head.mask_fcn1"),
            (r"mask_head\.1\.0", "mask_head.mask_fcn2"),
            (r"mask_head\.2\.0", "mask_head.mask_fcn3"),
            (r"mask_head\.3\.0", "mask_head.mask_fcn4"),
        ],
    }
    if name not in patterns:
        return state  # with the version it is of, which some builders ask for
    renamed: dict[str, Tensor] = {}
    for key, tensor in state.items():
        if name == "densenet121" and key.endswith("num_batches_tracked"):
            continue  # its file is older than they are
        for new, old in patterns[name]:
            key = re.sub(new, old, key)
        renamed[key] = tensor
    return renamed


def trained(model: nn.Module) -> dict[str, Tensor]:
    """Return a state of other numbers that takes little room in a file."""
    state = model.state_dict()
    for number, (key, tensor) in enumerate(state.items()):
        state[key] = torch.tensor(number % 97 + 1, dtype=tensor.dtype).expand(tensor.shape)
    return state


@pytest.mark.parametrize(
    "name",
    [
        "resnet18",
        "densenet121",
        "vit_b_32",
        "mnasnet0_5",
        "googlenet",
        "inception_v3",
        "quantized_mobilenet_v2",
        "lraspp_mobilenet_v3_large",
        "maskrcnn_resnet50_fpn",
    ],
)
def test_torchvisions_files_make_the_network_torchvision_makes(
    name: str, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = torchvision_models._published(name)
    builder = get_model_builder(name)
    with monkeypatch.context() as patch:  # the whole network, auxiliary heads included
        patch.setattr(WeightsEnum, "get_state_dict", lambda *args, **kwargs: {})
        patch.setattr(nn.Module, "load_state_dict", lambda *args, **kwargs: None)
        more = {"aux_logits": True} if name == "googlenet" else {}
        whole = builder(weights=published, **more)
    data = as_pth(old_names(name, trained(whole)))
    monkeypatch.setattr(
        WeightsEnum,
        "get_state_dict",
        lambda *args, **kwargs: torch.load(io.BytesIO(data), weights_only=True),
    )
    theirs = builder(weights=published)
    monkeypatch.setattr(WeightsEnum, "get_state_dict", lambda *args, **kwargs: pytest.fail("asked"))
    published_at(monkeypatch, library.publish(hashed(name, data), data))
    ours = build(f"torchvision/{name}", weights="pretrained")
    assert str(ours) == str(theirs)
    expected = theirs.state_dict()
    assert ours.state_dict().keys() == expected.keys()
    for key, tensor in ours.state_dict().items():
        assert torch.equal(tensor, expected[key]), key


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_timms_files_are_loaded_and_fitted_by_timm(
    suffix: str, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "timm/resnet18"
    state = build(name).state_dict()
    data = as_pth(state) if suffix == ".pth" else save(state)
    published_at(monkeypatch, library.publish(f"model{suffix}", data))
    fetched = build(name, weights="pretrained").state_dict()
    assert all(torch.equal(fetched[key], tensor) for key, tensor in state.items())
    assert kept() == [f"timm-resnet18{suffix}"]
    fitted = build(name, weights="pretrained", classes=3, channels=1)
    assert fitted.fc.weight.shape == (3, 512)
    assert torch.allclose(fitted.conv1.weight, state["conv1.weight"].sum(1, keepdim=True))
    assert torch.equal(fitted.layer4[1].conv2.weight, state["layer4.1.conv2.weight"])


# --- Addresses ---


def test_every_address_of_torchvision_says_its_hash() -> None:
    for name in torchvision_models.names():
        address = torchvision_models.weights_address(name)
        assert address.startswith("https://download.pytorch.org/models/")
        assert downloads._HASH_IN_NAME.search(address), address


def test_every_model_of_timm_has_a_file_of_its_own_name() -> None:
    files = {
        _file_name(f"timm/{name}", address)
        for name in timm_models.names()
        if (address := timm_models.weights_address(name))
    }
    published = [name for name in timm_models.names() if timm_models.weights_address(name)]
    assert len(files) == len(published) > 1000
    assert all(timm_models.weights_address(name).startswith("https://") for name in published)
