"""The app, started from the command line."""

import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from tests.commands.typed import ROOT, assert_mendable, hears_interrupts, run, wait_until


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.process
def test_the_app_answers_on_its_port_and_a_second_one_is_told() -> None:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "cvexplore", "app", "--port", str(port), "--no-browser"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=hears_interrupts,
    )
    try:

        def answers() -> bool:
            assert process.poll() is None
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health") as answer:
                    return answer.read() == b"ok"
            except OSError:
                return False

        wait_until(answers)
        done = run("app", "--port", str(port), "--no-browser")
        assert_mendable(done.returncode, done.stderr, f"Port {port} is in use")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) in (0, 130)
    finally:
        process.kill()
