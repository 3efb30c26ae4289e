//! The phones of the settings, by extension and by agent.

use std::collections::HashMap;

use madoguchi_core::id::AgentId;

use crate::settings::Phone;

/// All phones. A phone is known by its extension.
#[derive(Debug, Default)]
pub(super) struct Phones {
    by_extension: HashMap<String, Phone>,
    by_agent: HashMap<AgentId, String>,
}

impl Phones {
    pub(super) fn new(phones: Vec<Phone>) -> Self {
        let by_agent = phones
            .iter()
            .map(|phone| (phone.agent.clone(), phone.extension.clone()))
            .collect();
        let by_extension = phones
            .into_iter()
            .map(|phone| (phone.extension.clone(), phone))
            .collect();
        Self {
            by_extension,
            by_agent,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.by_extension.len()
    }

    pub(super) fn get(&self, extension: &str) -> Option<&Phone> {
        self.by_extension.get(extension)
    }

    pub(super) fn of_agent(&self, agent: &AgentId) -> Option<&Phone> {
        self.get(self.by_agent.get(agent)?)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Phone> {
        self.by_extension.values()
    }
}
