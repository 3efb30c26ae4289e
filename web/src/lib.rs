//! Pages, live updates and JSON API.
