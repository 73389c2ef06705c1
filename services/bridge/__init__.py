"""The bridge: it keeps Open Klant equal to what the projector shows.

An event is only the trigger. `wanted` says what Open Klant should have, `found` what it has, `ours` what the bridge
wrote there. `compare` holds them together and returns calls, and `converge` makes them. Create, correct, withdraw,
erase, backfill, reconcile and repair after a crash are that one way.
"""
