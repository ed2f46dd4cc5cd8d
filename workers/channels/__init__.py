"""One room per provider; none knows another."""
