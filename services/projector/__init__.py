"""Keeps the register of klantcontacten, partijen and interne taken in MongoDB as the published events tell it."""
