"""Scoring promises one picture of each customer, folded from the facts of the other three services: satisfaction with
its gaps, loyalty with its reasons, complaints. The same facts give the same score, in whatever order they came, as of
any day."""
