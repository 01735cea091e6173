"""What a customer's facts add up to: pure functions of (facts, as_of, settings) and nothing else.

`fact` is what is folded, `person` says which facts count, `score` puts the picture together from `satisfaction`,
`loyalty` and `complaints`; `groups` and `complaint_groups` look at many customers at once, in `figures` that carry
their n.
"""
