"""For authors of integrations: the contract tests that every provider runs. Needs pytest and hypothesis.

Subclass `worklake.testing.contract.IntegrationContract` in a test module of yours; nothing here is imported before.
"""
