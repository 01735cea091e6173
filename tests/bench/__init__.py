"""The benchmark table, `make bench`: every row measured side by side with what it is compared to, in one run.

What is compared takes turns (A B A B …), and the medians make the ratio, so that a machine that slows down slows both.
`rows/` has one file for each claim; `harness` measures, `table` prints, `engines` and `processes` start what is needed
and end exactly that. ARGS="--only relay --quick" narrows and shortens.
"""
