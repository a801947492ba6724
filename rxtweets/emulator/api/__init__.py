"""The endpoints of the emulated APIs."""
