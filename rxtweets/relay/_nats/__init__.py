"""NATS JetStream, as a log is kept in it. No module elsewhere knows NATS.

A log is one stream, with a durable consumer or more for each group, and a bucket of keys for its leases. All
of it runs on the loop of `rxtweets.relay._loop`.
"""
