"""Files of customers, purchases, answers or events, brought in through the public door.

    reading    a file's records, one at a time: CSV or JSON Lines
    values     what a cell means: numbers, truth, moments, lists
    columns    which column is which member of a body
    events     a record as an event with an id that is the same whenever the record is read again
    report     what became of the rows
    command    `careledger import`

Nothing is judged here but shape: the services know the rules.
"""
