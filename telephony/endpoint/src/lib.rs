//! The SIP endpoint and its media: registrar, trunks, calls, RTP; drives the queue engine.
