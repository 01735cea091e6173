"""Where a batch starts when offsets are missing between what was read and what comes next."""

from pathlib import Path

import pytest

from libs.events.consuming import metadata
from libs.events.consuming.faults import Fenced
from libs.events.consuming.offsets import Offsets, Span
from libs.events.log import Slot
from libs.events.store.opening import open_database

SLOT = Slot("careledger.inbound.care", 3, "life one")


async def test_missing_offsets_of_a_topic_that_others_write_fence_nobody(tmp_path: Path) -> None:
    database = open_database(f"sqlite+aiosqlite:///{tmp_path}/x.db")
    await database.create(metadata)
    offsets, rival = Offsets(database, "inbound"), Offsets(database, "inbound")
    assert await offsets.locate([SLOT]) == await rival.locate([SLOT]) == {SLOT: 0}
    assert offsets.reading(SLOT, 5) == 0  # 0 to 4: markers of transactions, or expired
    async with database.begin() as tx:
        spans = {(SLOT.topic, SLOT.partition): Span(SLOT.topic_id, offsets.reading(SLOT, 5), 6)}
        await offsets.claim(tx, spans)
        await offsets.move(tx, spans)
    assert offsets.reading(SLOT, 6) == 6
    assert offsets.reading(SLOT, 4) == 4  # before where we stand: not ours to call a gap
    assert offsets.reading(Slot(SLOT.topic, SLOT.partition, "life two"), 9) == 9
    async with database.begin() as tx:  # and the one who does not know yet that somebody was here is fenced
        with pytest.raises(Fenced):
            await rival.claim(tx, {(SLOT.topic, SLOT.partition): Span(SLOT.topic_id, rival.reading(SLOT, 7), 8)})
    await database.close()
