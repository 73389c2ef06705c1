"""Changing consent or restriction of a klant outside a contact, for the municipality itself."""
