"""`python -m libs.cli` is `careledger`, wherever the command itself is not on the path."""

from libs.cli.main import app

app(prog_name="careledger")
