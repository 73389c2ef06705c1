"""`klantcontact selftest`: contacts of a source of its own go through a running system, are compared, and taken back.

- `contacts.py` makes them, and says by the dry run what must come of them.
- `observed.py` looks what came of them: decisions, events, documents.
- `selftest.py` sends, compares, and has everything erased again.
"""
