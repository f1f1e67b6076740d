"""A session that looks at two hundred images holds no more memory than one that looks at sixty."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LOOKING = """
import gc
import json
import sys
from pathlib import Path

from streamlit.testing.v1 import AppTest


def page():
    import numpy as np
    import streamlit as st
    from PIL import Image

    from cvexplore.ui import cached
    from cvexplore.ui.features import Looking, layer
    from cvexplore.ui.pictures import Picture

    subject = cached.Subject("torchvision/mobilenet_v3_small", "random")
    for number in st.session_state.numbers:
        pixels = np.random.default_rng(number).integers(0, 255, (224, 224, 3), np.uint8)
        picture = Picture(Image.fromarray(pixels), f"noise {number}", "noise")
        cached.look(subject, picture.image, picture.fingerprint, "features.0")
    layer.show(Looking(subject, picture, "features.0"))


def resident():
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


app, held = AppTest.from_function(page, default_timeout=60), {}
for seen in range(0, 200, 20):
    app.session_state.numbers = range(seen, seen + 20)
    app.run()
    assert not app.exception, app.exception
    assert app.subheader[0].value == "Channel 0"
    held[seen + 20] = resident()
print(json.dumps(held))
"""
ROOT = Path(__file__).parents[2]
MAP = 16 * 112 * 112 * 4  # bytes of what features.0 makes of one image


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc")
def test_two_hundred_images_leave_no_more_memory_than_sixty(tmp_path: Path) -> None:
    script = tmp_path / "looking.py"  # a page is read from its file
    script.write_text(LOOKING, encoding="utf-8")
    child = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "CVEXPLORE_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        timeout=300,
        check=True,
    )
    held = json.loads(child.stdout.splitlines()[-1])
    growth = held["200"] - held["60"]
    assert growth < 140 * MAP / 3, {at: f"{bytes_ / 1e6:.0f} MB" for at, bytes_ in held.items()}
