"""The rules: pure functions over frozen values. `rules.py` is the table; one contact goes through this chain.

- `case.prepare` makes a decoded contact a `Case`: with the keys by which the register is asked, and who is gekend.
- `Register.judge` gives a `Judgement`: was it judged, repeated, overtaken or refused? For what is judged it calls
- `verdict.give_verdict`, which gives a `Verdict`: the decision record and the partijen as they are after it. It calls
- `decide.decide`, which gives an `Oordeel`, the outcome without ids and numbers: an `OnderwerpBesluit` for each
  onderwerp, a `PartijOordeel` for each gekende betrokkene. With id, number and versie the latter is a `PartijBesluit`.
- `BesluitRecord` is the decision record, made of those, and kept; `events.events_of` makes the events of it.

Around it the classifier has one word more: `encoding.Outcome`, a `Judgement` or why there was nothing to judge.
"""
