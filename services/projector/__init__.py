"""Projects the published events into MongoDB: the register of klantcontacten, partijen and interne taken."""
