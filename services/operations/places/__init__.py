"""Everything about a klant or a contact, in every place where it can lie: searched for, not assumed.

- `traces.py`: by what it is recognised: ids, keys of contacts, keyed hashes of numbers.
- `place.py`: the answer of one place: how many, which, and until when they stay by which term.
- A module for each kind of place yields those answers: `register.py`, `projection.py`, `letters.py`, `published.py`,
  `beyond.py`.
- `search.py` asks them one after another, and learns on the way: a number in a topic leads to a contact, and that to
  its decision.
"""
