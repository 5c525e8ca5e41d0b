"""Arrays in, estimates out: the model of log pay, premiums, pooling, correlations, influence.

Belongs here: formulas over numpy arrays and frames. Does not belong here: SQL, files, or what becomes of the estimates.
"""
