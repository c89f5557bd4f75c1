"""What a company gets from this package: a forecaster, a model that repeats what it hears, a rule for evals."""
