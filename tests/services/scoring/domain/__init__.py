"""Scoring's domain: the story and the published figures as examples, and what must hold of any facts as properties."""
