"""The mutations: each checks all it was given before it writes anything."""
