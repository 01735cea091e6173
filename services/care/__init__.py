"""Care promises to remember what is done for a customer: programmes and what they make due, deliveries, touchpoints and
the promises made in them, surveys and every answer, measured as perception against expectation."""
