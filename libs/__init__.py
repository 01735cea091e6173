"""What the services share and none of them owns: `libs.events` (facts, stores, logs, relays, projections), `libs.web`
(problems, keys, pages, health) and `libs.cli` (the `careledger` command). Nothing here knows a rule of any service."""
