"""What is made of the models: JSON Schemas, AsyncAPI, examples. A tool; nothing here runs in a service."""
