"""What everybody needs who asks a server of somebody else's: one exchange, its end in time, and what its code means."""
