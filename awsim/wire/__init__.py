"""HTTP messages to (service, operation, parameters) and results or errors back to HTTP messages.

Driven by botocore's service models, compiled per operation on first use. Knows nothing of services.
"""
