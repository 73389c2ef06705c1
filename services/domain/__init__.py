"""The rules: pure functions over frozen values. `rules.py` is the table. A contact becomes a decision in three words.

- `Case`: what is judged. `case.prepare` adds to a decoded contact the keys by which the register is asked, and who is
  gekend.
- `Verdict`: what the rules say of a case, without ids and numbers. `decide.decide` returns an `OnderwerpBesluit` for
  each onderwerp and a `PartijVerdict` for each gekende betrokkene.
- `BesluitRecord`: the decision record, which is kept. `new_besluit` adds ids, numbers and versies to a verdict, so that
  a `PartijVerdict` becomes a `PartijBesluit`. `events.events_of` makes the events of a besluit.

`Register.judge` takes a case the whole way and returns its `Outcome`: was it decided, repeated, overtaken or refused?
A revisie can be judged more than once; `besluitversie` counts those judgements.
"""
