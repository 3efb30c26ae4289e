//! Who serves the connections hears which of them are used by somebody who is signed in: those are
//! closed last when room is needed.

use std::fmt;
use std::sync::Arc;

/// Stands in the extensions of a request; called when its visitor is known.
#[derive(Clone)]
pub struct Recognition(Arc<dyn Fn() + Send + Sync>);

impl Recognition {
    /// What is to be done then.
    pub fn new(note: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(note))
    }

    pub(crate) fn note(&self) {
        (self.0)();
    }
}

impl fmt::Debug for Recognition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recognition")
    }
}
