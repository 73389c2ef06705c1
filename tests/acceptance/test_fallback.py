"""Where no Java is, the demo runs on a broker inside its own process, and says so."""

import os
import subprocess
from pathlib import Path

from services.local.system import COMMAND


def test_without_java_the_demo_runs_on_the_mock_broker_and_says_which_package_brings_kafka(tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": str(tmp_path)}
    demo = subprocess.run([*COMMAND, "demo"], env=environment, capture_output=True, text=True, check=False)
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "apt-get install openjdk-17-jre-headless" in demo.stdout
    assert "mock broker" in demo.stdout
    assert "all right" in demo.stdout
