-- The coefficient of variation of a figure, half its interval over 1.96 times it, in the words of the UK ONS.
create macro precision_word(pay, low, high) as
case
    when high - low <= 0.05 * 2 * 1.96 * pay then 'precise'
    when high - low <= 0.10 * 2 * 1.96 * pay then 'reasonably_precise'
    when high - low <= 0.20 * 2 * 1.96 * pay then 'acceptable'
    when high - low > 0.20 * 2 * 1.96 * pay then 'unreliable'
end
