-- True if a report is in the window and of a job in scope, even if no rule classified it.
create macro is_in_scope(disposition) as disposition in ('used', 'outlier', 'unclassified')
