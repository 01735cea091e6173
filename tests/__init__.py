"""The tests mirror the source; beside it `engines` holds the real PostgreSQL and Kafka they run against, `rules` the
import rules, `deploy` what is true of the manifests. What the fixtures promise is in `conftest.py`."""
