"""One export from its bytes to pay_reports: the chain of stages, and the files around it.

Belongs here: calling the stages in order, parts and their records, `inspect`. Does not belong here: what a stage does.
"""
