"""The only rooms that know a provider. One folder each, with the same files: client, mapping, integration."""
