"""The rules of complaints: pure, told the time and their standards from outside. `machine` says which step may follow
which, `standards` what prompt means, `state` what is remembered, `decide` what a command makes of it."""
