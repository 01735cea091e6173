"""Sending events over HTTP: batches in lanes, each retried until it is certain, and a verdict for every event."""
