"""`klantcontact selftest`: it sends contacts of its own source through a running system, compares, and erases them.

- `contacts.py` makes them, and computes their expected outcome by the dry run.
- `observed.py` reads their outcome: decisions, events, documents.
- `selftest.py` sends, compares, and has everything erased again.
"""
