"""Loads every command. `tests/support/commands.py` forks from the process that has imported this module."""

from services.cli import COMMANDS

for _command in COMMANDS:
    _command.load()
