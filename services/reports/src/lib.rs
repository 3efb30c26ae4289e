//! A month's report as data, then as documents.
