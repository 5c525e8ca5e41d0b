-- Degrees of freedom of a difference of medians: half the usual ones, since medians jump, so that tails are right.
create macro degrees_of_freedom(effective) as (cast(effective as double) - 1) / 2
