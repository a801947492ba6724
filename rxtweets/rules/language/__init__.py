"""The rule language: rules as values, read from text, checked, explained and built."""
