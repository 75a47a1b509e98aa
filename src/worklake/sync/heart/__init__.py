"""The engine of the sync heart: composes the rules over a store and the integrations."""
