//! The desk: command line, configuration, wiring.
