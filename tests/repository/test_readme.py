"""The examples in README and the page for publishers give the results that these pages show."""

import json
import re
import subprocess
import sys
from pathlib import Path

README = Path("README.md").read_text(encoding="utf-8")
PUBLISH = Path("docs/publish.md").read_text(encoding="utf-8")


def test_the_event_to_try_gets_the_shown_answer() -> None:
    shown = re.search(r"printf '%s\\n' '(?P<event>[^']+)' \| \S+ classify -\n(?P<answer>\{.+\})\n", README)
    assert shown is not None
    command = [sys.executable, "-m", "services.cli", "classify", "-"]
    ran = subprocess.run(command, input=shown["event"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.strip()) == (0, shown["answer"])


def test_the_event_to_publish_is_valid() -> None:
    shown = re.search(r"```json\n(?P<event>\{.+?\n\})\n```", PUBLISH, re.DOTALL)
    assert shown is not None
    line = json.dumps(json.loads(shown["event"]))
    command = [sys.executable, "-m", "services.cli", "classify", "-"]
    ran = subprocess.run(command, input=line, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
