-- The chance of a normal deviate at least as far from 0, within 1.2e-7 of its value (Numerical Recipes, erfcc).
create macro two_sided_p(deviate) as (
    select
        t * exp(
            -z * z - 1.26551223 + t * (
                1.00002368 + t * (
                    0.37409196 + t * (
                        0.09678418 + t * (
                            -0.18628806 + t * (
                                0.27886807 + t * (
                                    -1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277))
                                )
                            )
                        )
                    )
                )
            )
        )
    from (
        select
            abs(cast(deviate as double)) / sqrt(2) as z,
            1 / (1 + abs(cast(deviate as double)) / (2 * sqrt(2))) as t
    ) as powers
)
