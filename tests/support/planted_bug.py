"""Starts `klantcontact` with a bug in what both services do with a contact or event that holds a certain word.

`python planted_bug.py run classifier`
"""

import sys

import services.classifier.main
import services.cli
import services.projector.batch

WORD = b"planted-bug"

CLASSIFIER, PROJECTOR = vars(services.classifier.main), vars(services.projector.batch)
read_contact, read_event = CLASSIFIER["read"], PROJECTOR["read"]


def _fail(value: bytes | None) -> None:
    if value is not None and WORD in value:
        raise LookupError


def read_contact_badly(record, *arguments, **options):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN002, ANN003, ANN201
    _fail(record.value)
    return read_contact(record, *arguments, **options)


def read_event_badly(value, *arguments):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN002, ANN201
    _fail(value)
    return read_event(value, *arguments)


if __name__ == "__main__":
    CLASSIFIER["read"], PROJECTOR["read"] = read_contact_badly, read_event_badly
    sys.argv[0] = "klantcontact"
    services.cli.main()
