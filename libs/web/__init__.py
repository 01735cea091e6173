"""What every HTTP door of the product shares: strict bodies, problems that echo nothing, keys, idempotency, pages,
health.

A route file needs `bodies.read`, `writing.write`, `answers.answer` and the parameter types of `paths`, `pages`,
`positions` and `times`; `documents` describes it in OpenAPI; `app.build_app` puts a service together, and
`together.Together` all four.
"""
