"""Generates the JSON Schemas, AsyncAPI, page and examples from the models. No service imports this."""
