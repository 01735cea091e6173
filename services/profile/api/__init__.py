"""Profile over HTTP, one file per resource."""
