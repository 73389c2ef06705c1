"""Other ways to do the same job, as contestants. What one of them lacks on this machine is told, and it is not run."""
