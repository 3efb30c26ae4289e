//! Calls told from outside, turned into the same call events.
