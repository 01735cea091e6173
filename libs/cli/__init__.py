"""The command `careledger`: what an operator or a newcomer does from a terminal.

    main         the list of commands; each is imported when it is asked for
    importing/   files of customers, purchases, answers or events, row by row through the public door
    demo/        real purchases and generated care, and what comes out of them
    sending/     batches of events over HTTP: lanes, retries, verdicts
    events, quarantine, keys   one file each
    run          serving; migrate, rebuild, republish

All of it but `run` and `quarantine` talks to the services as anybody else would.
"""
