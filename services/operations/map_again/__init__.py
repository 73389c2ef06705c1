"""Messages of a channel that are mapped again: `klantcontact replay --topic kanaal.open-forms`.

- `comparing.py`: what today's mapping makes of a message, beside the events that it became before. Pure.
- `judging.py`: what the classifier would decide about the events that differ.
- `sending.py`: sends those events as the mapper does, and reads the classifier's answers.
- `run.py`: these three, for the messages of a selection.
"""
