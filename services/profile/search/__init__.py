"""What customers are found by: what a record and a query have in common, and the keyed tokens that stand for it."""
