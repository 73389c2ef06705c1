"""How the projector reaches Kafka and MongoDB."""
