"""The architecture's import rules, as contracts that `lint-imports` (in `make check`) and `test_rules` both keep."""
