-- The quantile of Student's t that belongs to a standard normal one, the inverse of normal_of_t.
create macro t_quantile(deviate, df) as
sqrt(
    cast(df as double)
    * (
        exp(
            pow(cast(deviate as double) * (8 * cast(df as double) + 3) / (8 * cast(df as double) + 1), 2)
            / cast(df as double)
        )
        - 1
    )
)
