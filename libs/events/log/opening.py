"""From a URL to a log; the only place that knows both engines."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

from libs.events.log import Log


def open_log(url: str) -> Log:
    """The log a URL names; call `start` on it.

    - `embedded:///path/to/log.db`: a SQLite file of this machine.
    - `kafka://host:9092,host:9092`: a cluster. Parameters, all optional: `prefix` is put before every name of a topic
      or group; `replication` of new topics (default: 3, or the brokers there are); `patience`, the seconds a publish
      may take; `security` (`ssl`, `sasl_ssl`, `sasl_plaintext`), `cafile` and `mechanism`, with user and password in
      the URL.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "embedded" and rest:
        from libs.events.log.embedded import EmbeddedLog

        return EmbeddedLog(rest)
    if scheme == "kafka" and rest:
        from libs.events.log.kafka import KafkaLog
        from libs.events.log.kafka_cluster import Connection

        parts = urlsplit(url)
        credentials, _, servers = parts.netloc.rpartition("@")
        user, _, password = credentials.partition(":")
        query = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
        connection = Connection(
            servers=servers,
            prefix=query.pop("prefix", ""),
            replication=int(query.pop("replication", 0)),
            patience=float(query.pop("patience", 15)),
            security=query.pop("security", "plaintext").upper(),
            mechanism=query.pop("mechanism", "SCRAM-SHA-512" if credentials else ""),
            cafile=query.pop("cafile", ""),
            user=unquote(user),
            password=unquote(password),
        )
        if query:
            raise ValueError(f"unknown parameters of a kafka URL: {', '.join(sorted(query))}")
        return KafkaLog(connection)
    # The URL itself is not shown: it may hold a password.
    raise ValueError(f"a log's URL begins with embedded:// or kafka://, not {scheme!r}")
