"""Consumers of facts: how each effect happens once, in order, and how a bad fact stops one subject and not the line.

`projector` runs the loop and `batch` is its one transaction: `ledger` keeps what was read and taken, `sequencing` says
what is new. What is folded are `viewing` (read models) and `reactions` (policies). `quarantine` is the operator's side,
`progress` what readers of their own writes wait for, `rebuild` the way back to the start.
"""

from libs.events.consuming.progress import Progress
from libs.events.consuming.projector import Projector
from libs.events.consuming.reactions import Reactions
from libs.events.consuming.rebuild import rebuild
from libs.events.consuming.tables import applied, metadata
from libs.events.consuming.viewing import Views

__all__ = ["Progress", "Projector", "Reactions", "Views", "applied", "metadata", "rebuild"]
