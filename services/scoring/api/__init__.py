"""HTTP of scoring, one file a resource."""
