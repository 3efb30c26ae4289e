//! SIP without sockets: messages, transactions, digest, SDP (RFC 3261 and companions).
