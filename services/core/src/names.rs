//! Names that stand in many records, kept once.

use std::collections::HashSet;
use std::sync::Arc;

/// Names that were read before.
#[derive(Debug, Default)]
pub struct Names(HashSet<Arc<str>>);

impl Names {
    /// A name, the same as before if it was read before.
    pub fn get<T: From<Arc<str>>>(&mut self, text: &str) -> T {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known).into();
        }
        let new: Arc<str> = Arc::from(text);
        self.0.insert(Arc::clone(&new));
        new.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::LineName;

    #[test]
    fn a_name_is_kept_once() {
        let mut names = Names::default();
        let [one, other]: [LineName; 2] = [names.get("help"), names.get("help")];
        assert_eq!(one, LineName::new("help"));
        assert_eq!(one.as_str().as_ptr(), other.as_str().as_ptr());
    }
}
