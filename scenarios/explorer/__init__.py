"""``fundsim explore``: a page on which stored results are chosen, seen and read.

``results`` reads what a run, a comparison or a sweep has written; ``choices`` says which values can be chosen
together; ``names`` and ``numbers`` put both into words; ``page`` is the page and its server.  Nothing is
simulated here.
"""
