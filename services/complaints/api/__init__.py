"""Complaints over HTTP, one file per resource."""
