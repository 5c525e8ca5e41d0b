-- The amount in USD, rounded half up to a multiple of the step.
create macro rounded_to(usd, step) as cast(floor(usd / step + 0.5) * step as bigint)
