"""Many filters, one connection: each filter an Observable."""
