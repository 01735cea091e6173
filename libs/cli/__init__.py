"""The command `careledger`: what an operator or a newcomer does from a terminal.

    main         the list of commands; each is imported when it is asked for
    importing/   files of customers, purchases, answers or events, row by row through the public door
    demo/        real purchases and generated care, and what comes out of them
    sending/     batches of events over HTTP: lanes, retries, verdicts
    run          serving; migrate, rebuild, republish
    keys         who may call
    events       what is asked of the log; `logs` does it
    quarantine   what an operator asks of it; `quarantining` does it
    address, screen, lazily   where to, in what words, and how commands are imported when they are called

`import` and `demo` talk to the services as anybody else would: by HTTP, with a key.
"""
