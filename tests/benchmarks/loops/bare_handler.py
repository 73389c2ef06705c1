"""A bare Starlette handler that writes a request's body to a topic, and answers when Kafka has it: no proof, no bounds.

Run as a process of its own, with uvicorn as its documentation shows.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from aiokafka import AIOKafkaProducer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def application(bootstrap: str, topic: str) -> Starlette:
    """Return the handler, with a producer that has the intake's options."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        options = {"enable_idempotence": True, "compression_type": "zstd", "linger_ms": 5}
        async with AIOKafkaProducer(bootstrap_servers=bootstrap, **options) as producer:
            app.state.producer = producer
            yield

    async def take(request: Request) -> Response:
        body = await request.body()
        headers = [("content-type", request.headers["content-type"].encode())]
        await request.app.state.producer.send_and_wait(topic, body, headers=headers)
        return Response(status_code=204)

    return Starlette(routes=[Route("/in/open-forms", take, methods=["POST"])], lifespan=lifespan)


if __name__ == "__main__":
    _, given_bootstrap, given_topic, given_port = sys.argv
    uvicorn.run(application(given_bootstrap, given_topic), port=int(given_port), access_log=False, log_level="warning")
