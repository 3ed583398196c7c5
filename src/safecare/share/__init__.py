"""What leaves the house: drafts and messages for authorities and partners. A person reads and sends them."""
