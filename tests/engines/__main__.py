"""`python -m tests.engines up`: starts PostgreSQL and Kafka, prints the settings that name them, stays until ended."""

import signal
import sys

from tests.engines import Kafka, Postgres, Unavailable
from tests.engines.keeper import ENGINES


def main() -> None:
    if sys.argv[1:] != ["up"]:
        sys.exit("usage: python -m tests.engines up")
    engines: list[Postgres | Kafka] = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        for setting, kind in (("CARELEDGER_TEST_POSTGRES_URL", "postgres 18"), ("CARELEDGER_TEST_KAFKA", "kafka")):
            try:
                engine = ENGINES[kind]().start()
            except Unavailable as reason:
                print(f"# {setting}: {reason}", file=sys.stderr, flush=True)
                continue
            engines.append(engine)
            print(f"export {setting}={engine.address if isinstance(engine, Kafka) else engine.url()}", flush=True)
        print("# up; Ctrl-C ends them", file=sys.stderr, flush=True)
        signal.pause()
    except KeyboardInterrupt:
        pass
    finally:
        for engine in engines:
            engine.remove()


if __name__ == "__main__":
    main()
