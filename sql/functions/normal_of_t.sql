-- The normal deviate with the tail of a value of Student's t (Wallace 1959); far out the tail is a little large.
create macro normal_of_t(value, df) as
sign(value) * (8 * cast(df as double) + 1) / (8 * cast(df as double) + 3)
* sqrt(cast(df as double) * ln(1 + value * value / cast(df as double)))
