"""The rules of profile: pure, told time and ids from outside. `stages` says how a customer's stage moves, `records` how
a record changes, `persons` how several subjects are one person, `merging` how they become and cease to be, `comparing`
what that would change, `state` what is remembered, `evolve` how facts make it, `decide` what a command makes of it."""
