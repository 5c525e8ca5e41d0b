-- Degrees of freedom for the difference of two medians of which the smaller rests on this many effective reports: half
-- of the usual number, since medians jump. So the tails are right in simulation, tests/statistics/test_differences.py.
create macro degrees_of_freedom(effective) as (cast(effective as double) - 1) / 2
