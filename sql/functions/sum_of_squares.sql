-- The sum of squares of integers, in 128 bits.
create macro sum_of_squares(number) as sum(cast(number as hugeint) * number)
