"""What consumers count. Labels are names of services, consumers and outcomes: nothing of a person."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

LABELS = ("service", "consumer")
events = Counter("careledger_consumed_total", "Events by what became of them", [*LABELS, "outcome"])
"""Outcomes: applied, duplicate, ended, waiting, discarded, fork, quarantined; inbound: the verdict's status."""
reacted = Counter("careledger_reactions_total", "What reactions asked for, by verdict", ["service", "outcome"])
stalled = Gauge("careledger_consumer_stalled", "1 while a fault is retried in place", LABELS)
gaps = Gauge("careledger_consumer_gaps", "Subjects that miss a fact for longer than the alarm allows", LABELS)
waits = Gauge("careledger_consumer_waiting", "Subjects with facts that wait", LABELS)
quarantined = Gauge("careledger_quarantined", "Entries in quarantine", LABELS)
parked = Gauge("careledger_parked", "Inbound events that wait for what must come before", ["service"])
fenced = Counter("careledger_consumer_fenced_total", "Batches given up because somebody else was further", LABELS)
BUCKETS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5)
batch_seconds = Histogram("careledger_consumer_batch_seconds", "Time to apply one batch", LABELS, buckets=BUCKETS)
