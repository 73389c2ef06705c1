"""`klantcontact access`: everything about one klant, for a request under AVG art. 15 and 20.

- `gather.py` searches every place and keeps what it finds; it writes to the audit trail before it hands that on.
- `own.py` chooses, field by field, what of it is about the klant: others are blacked out.
- `answer.py` puts that together as JSON that another system can read; `page.py` as a page for the citizen.
"""
