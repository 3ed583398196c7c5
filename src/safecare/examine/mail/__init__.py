"""Mails: who vouches for the sender, where links lead, what the reader is asked, how it hides."""
