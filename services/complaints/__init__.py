"""Complaints promises that what went wrong is put right: every complaint is spotted, acknowledged, owned, corrected and
reported, in working time, and none of its steps is ever taken twice or lost."""
