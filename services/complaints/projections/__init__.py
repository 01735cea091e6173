"""Complaints' read models: the complaints by what they are looked for by, and what is known of the people they are
about. No free text is in them."""
