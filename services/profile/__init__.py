"""Profile promises to know who a customer is: one person behind many references, merged and unmerged without losing a
fact, what they bought, how they came and why they left, found by a search that holds no plaintext, and forgotten when
they ask."""
