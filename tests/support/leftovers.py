"""Removing the topics and databases of a test from the servers that all tests share."""

from typing import Any

from confluent_kafka.admin import AdminClient
from pymongo import MongoClient

ANSWER_SECONDS = 60


def remove_topics(bootstrap: str, prefix: str) -> None:
    """Delete every topic with this prefix."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    used = [name for name in admin.list_topics(timeout=ANSWER_SECONDS).topics if name.startswith(prefix)]
    if used:
        for deletion in admin.delete_topics(used).values():
            deletion.result(timeout=ANSWER_SECONDS)


def remove_database(uri: str, name: str) -> None:
    """Drop a database."""
    with MongoClient[dict[str, Any]](uri) as client:
        client.drop_database(name)
