"""The command line: what it reads, sends, repeats and tells."""
