"""What answers requests: the router, the services that endpoints use, and what clients may do."""
