"""HTTP, outermost first: the server that listens, the protocol of one connection, the application."""
