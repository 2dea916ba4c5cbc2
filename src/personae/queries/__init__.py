"""What a query does over a store: pages of profiles and events, and counts of them. No HTTP, no clock of its own."""
