"""Arrays in, estimates out: the model of log pay, premiums, pooling, correlations, influence.

`docs/method.md` describes the methods.

Belongs here: formulas over numpy arrays and frames. Does not belong here: SQL, files, or how estimates are published.
"""
