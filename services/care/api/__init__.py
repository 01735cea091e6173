"""Care over HTTP, one file per resource."""
