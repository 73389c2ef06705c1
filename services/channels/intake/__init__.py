"""The intake: an HTTP request of a platform becomes records of the channel's raw topic.

It answers 2xx only after Kafka has acknowledged every message of the request.
"""
