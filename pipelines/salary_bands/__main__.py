from salary_bands.cli import main

main()
