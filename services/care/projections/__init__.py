"""Care's read models: what was done and what is due, promises, surveys, invitations, and what care knows of people.

Each file holds one: its table, how a fact changes a row, and the queries. Free text stays sealed in them.
"""
