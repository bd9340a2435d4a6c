"""Whether the tests would notice: `make mutants` changes one small thing in `processors/` at a time and runs them.

It is our own because neither tool copes. mutmut 3.8 leaves out every decorated function, which all rules are; cosmic-ray
8.7 starts a test run for each mutant, two seconds before the first test: hours for the 2,400 of these. Here the tests are
collected once, each mutant is a fork in which one function has other code, and only the tests that reach the changed line
run, the quick ones first. What runs when a module is read (a rule's declaration, a table) is read anew in a fork that has
pytest and the made-up histories in its memory, but nothing of the product.
"""
