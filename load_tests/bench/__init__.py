"""How fast Pingliu is beside its peers, in ratios: `python -m load_tests.bench`. What a row measures stands in its file."""
