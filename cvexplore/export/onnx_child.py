"""The process that writes one ONNX file: ``python -m cvexplore.export.onnx_child WEIGHTS OUT``.

WEIGHTS is a .safetensors file of ours, which says what network it belongs to. The process writes a
JSON object a line: how far it is, and in the end what it wrote or why it cannot.
"""

import json
import os
import re
import sys
import threading
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from cvexplore import catalog
from cvexplore.catalog import weights

_NO_OPERATOR = re.compile(r"No ONNX function found for <OpOverload\(op='([\w.]+)'")
_BY_DATA = re.compile(r"data-dependent|DataDependent|GuardOnData", re.IGNORECASE)


def main(given: str, made: str) -> int:
    """Write the file and return the exit code."""
    origin = weights.origin(given)
    assert origin is not None, "weights of ours say what they belong to"
    say(stage="building the network")
    model = catalog.build(origin.architecture, weights=given).eval().requires_grad_(False)
    inputs = catalog.example(origin.architecture, device="cpu", **origin.options)
    program, any_batch, error = None, False, None
    for any_batch in (True, False):
        say(stage="exporting" if any_batch else "exporting for one image at a time")
        try:
            program = export(model, inputs, any_batch, origin.architecture)
            break
        except Exception as failure:  # whatever the exporter trips over
            error = failure
    if program is None:
        say(error=reason(error))
        return 2
    say(stage="writing the file")
    forget_where(program.model)
    program.model.metadata_props["cvexplore"] = json.dumps(asdict(origin))
    program.save(made, external_data=False)
    say(stage="done", opset=program.model.opset_imports[""], any_batch=any_batch)
    return 0


def export(model: nn.Module, inputs: tuple[Tensor, ...], any_batch: bool, name: str) -> Any:
    """Return the ONNX program of a network."""
    batch = 2 if any_batch else 1  # a batch of one would be taken for a constant
    inputs = tuple(torch.rand(batch, *each.shape[1:]) for each in inputs)
    # Fused attention answers in another order of memory than the exporter believes.
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
        return torch.onnx.export(
            model,
            inputs,
            dynamo=True,
            verbose=False,
            input_names=["images"] if len(inputs) == 1 else ["first", "second"],
            output_names=output_names(model(*inputs), catalog.find(name).task),
            dynamic_shapes=tuple({0: "batch"} for _ in inputs) if any_batch else None,
        )


def output_names(output: Any, task: str) -> list[str] | None:
    """Return what to call a network's outputs; None leaves it to the exporter."""
    if isinstance(output, Tensor):
        return ["scores" if task in ("classification", "video") else "output"]
    return list(output) if isinstance(output, dict) else None


def forget_where(model: Any) -> None:
    """Take the exporter's notes from a model: lines of Python files, with their folders."""
    for graph in (model.graph, *(each.graph for each in model.functions.values())):
        graph.metadata_props.clear()
        for node in graph.all_nodes():
            node.metadata_props.clear()
            for value in node.outputs:
                value.metadata_props.clear()


def reason(error: BaseException | None) -> str:
    """Return in a sentence why a network cannot be exported, from the exporter's many pages."""
    chain = []
    while error is not None:
        chain.append(error)
        error = error.__cause__ or error.__context__
    text = "\n".join(map(str, chain))
    if found := _NO_OPERATOR.search(text):
        return f"the exporter has no ONNX operator for {found[1]}."
    if _BY_DATA.search(text):
        return "which layers run depends on the data, and the exporter cannot follow that."
    last = str(chain[-1]).strip().partition("\n")[0] if chain else "for no reason it gave"
    return f"the exporter says {type(chain[-1]).__name__}: {re.sub(r'/[^ ]*/', '', last)[:200]}."


def say(**what: Any) -> None:
    """Write a line for the process that waits."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def end_with_parent() -> None:
    """End this process when the one that waits for it is gone."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=end_with_parent, daemon=True).start()
    os._exit(main(*sys.argv[1:]))  # at once: to tidy up all that torch has loaded takes seconds
