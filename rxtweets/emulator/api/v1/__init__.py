"""The endpoints of v1.1 and the form that messages have there."""
