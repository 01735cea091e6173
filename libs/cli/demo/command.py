"""`careledger demo`."""

from __future__ import annotations

from libs.cli.address import Key, Url


def demo(url: Url = "", key: Key = "") -> None:
    """Load real data and show what comes out of it.

    The purchases are real: 6,919 orders of 2,357 customers of a CD shop (CDNOW, 1997 to 1998). All else is generated
    around them and says so in every name: care, contacts with promises, a survey with answers, complaints. The same on
    every run, and safe to repeat. Where no server answers on this machine, one runs for as long as the demo lasts.

    Example: careledger demo --url http://127.0.0.1:8000
    """
    from libs.cli.address import address
    from libs.cli.demo.running import play

    play(address(url, key), given_key=key)
