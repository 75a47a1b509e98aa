"""Local servers that speak the providers' own wire protocols, from one seeded world.

The sandbox stands beside the house: it imports nothing of Worklake, least of all `integrations`, so that a mistake in
how Worklake reads a provider cannot be repeated by the provider it is tried against.
"""
