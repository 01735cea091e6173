"""Care's read models: what was done and what is due, promises, surveys, invitations, and what care knows of people:
who is who and in which class, who refuses surveys, who was erased.

Each file holds one: its table, how a fact changes a row, and the queries. Free text stays sealed in them.
"""
