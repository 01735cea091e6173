"""The inbox: where other systems' events come in, by topic or by HTTP, through the same doors as everything else.

`parsing` reads CloudEvents; `judging` puts them to the service's doors and tells what became of each; `parking` keeps
those that came before their precondition until it comes; `mending` does what the operator wants with quarantined ones;
`inbox` is what HTTP uses, and `consumer` the loop over the topic.
Nothing is dropped: an event ends up appended, known already, parked, told back to its caller, or in quarantine.
"""

from libs.events.inbox.consumer import InboundConsumer
from libs.events.inbox.inbox import Inbox
from libs.events.inbox.tables import metadata

__all__ = ["InboundConsumer", "Inbox", "metadata"]
