"""The engine of `polymaestro.optimize`: exact branch and bound over tables of factors.

Every quantity is Σ sign · ∏ counts, each count a function of the sizes in one axis group. So a group of |K|
choices needs one table of |K| rows, the count of each row evaluated once; points of the space are products
of rows, and what a part of the space can give at best follows from the extremes of the columns:

    goals    names and sums of quantities, conditions         text -> Σ factor · ∏ counts
    spaces   the values of each symbol, and who depends on it  symbols -> groups
    points   counts at many points at once                    chamber by chamber, exact at any size
    tables   one row per choice in a group, the useless ones left out
    bounds   a sum over tables: its values, and the least and greatest of all that is still open
    descent  branch and bound, group after group

NumPy enters here, so that this package is only imported by a search.
"""
