"""One export from its bytes to pay_reports: the chain, the stages with files around it, and `inspect`.

Belongs here: calling the stages in order, parts and their records, what would become of a file. Does not belong here:
what a stage does.
"""
