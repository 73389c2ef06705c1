"""What the classifier's own steps cost, without any server: the finest scale there is for a change of them.

A batch of plain contacts of each of four partitions is handled in memory, in a process of its own. The figure of
several rounds is the least: what comes on top is the machine's.
"""

import json
import subprocess
from typing import Final

from tests.benchmarks.trees import Tree

SHAPE: Final = "plain contacts"


def in_memory_us(tree: Tree) -> float:
    """Return the microseconds of CPU for a contact. Raises CalledProcessError where a tree is too old for it."""
    command = [tree.python, "-m", "tests.support.heavy_batch", SHAPE]
    done = subprocess.run(command, cwd=tree.folder, check=True, capture_output=True, text=True)
    took = json.loads(done.stdout)
    return float(took["cpu_seconds"]) / int(took["records"]) * 1e6
