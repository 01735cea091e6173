"""What complaints knows of people: which ids are one person, and the class they are in."""

from __future__ import annotations

from libs.events.people import People

PEOPLE = People("complaints")
