"""The report of an erasure: place by place what is left, and until when; and which readers have yet to hear of it."""
