"""A shell that keeps its variables between the lines that are typed in it."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

END: Final = "-- the end of a step --"


class BashSession:
    """A bash in a folder. Its context ends it."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        """`variables`: all that its environment has."""
        self._process = subprocess.Popen(
            ["/bin/bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=dict(variables),
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def type(self, line: str) -> tuple[int, str]:
        """Return the exit status of a command, and all that it wrote. Its standard input is empty."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{{ {line}\n}} < /dev/null\nprintf '\\n%s %s\\n' '{END}' $?\n")
        self._process.stdin.flush()
        said: list[str] = []
        for each in self._process.stdout:
            if each.startswith(END):
                return int(each.removeprefix(END)), "".join(said).removesuffix("\n")
            said.append(each)
        raise AssertionError(f"bash ended at: {line}\n{''.join(said)}")
