"""Open Klant 2.18 in memory, over real HTTP: what the bridge, KISS and ITA ask of its klantinteracties API.

It answers as the real one does, in its own Dutch words and with its peculiarities: `tests/contract/open_klant` holds it
against the real one. `server.OpenKlant` runs it in a thread; `python -m tests.fakes.open_klant` in a process.

`rows` and `relations` are its database, `fields` and `resource` its serializers, `contacten`, `adressen` and `partijen`
its models, `filters` and `paging` its lists, `api` its views. Not here: rekeningnummers, categorieën,
vertegenwoordigingen and `actorIdentificatie`.
"""
