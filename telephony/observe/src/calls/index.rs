//! By what a dialog is found: its numbers, where its voice goes, and what its messages name.

use std::collections::HashMap;
use std::net::SocketAddr;

use madoguchi_core::phone;

use super::DialogKey;
use crate::dialog::Dialog;

/// Dialogs with one number that are looked through; of more, the latest.
const SAME_NUMBER_AT_MOST: usize = 512;

/// Names of dialogs.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_number: HashMap<String, Vec<DialogKey>>,
    by_media: HashMap<SocketAddr, DialogKey>,
    by_tag: HashMap<String, DialogKey>,
    by_local_part: HashMap<String, DialogKey>,
}

/// The numbers of a dialog in their one spelling, each once.
pub(super) fn numbers(dialog: &Dialog) -> Vec<String> {
    let asserted = dialog.asserted.as_deref().unwrap_or_default();
    let all = [
        dialog.from.as_str(),
        asserted,
        dialog.called.as_str(),
        dialog.to.as_str(),
    ];
    let mut numbers: Vec<String> = all
        .into_iter()
        .map(phone::normalize)
        .filter(|text| !text.is_empty())
        .collect();
    numbers.sort();
    numbers.dedup();
    numbers
}

/// The part of a Call-ID before the host.
pub(super) fn local_part(call_id: &str) -> &str {
    call_id.split('@').next().unwrap_or(call_id)
}

fn media(dialog: &Dialog) -> impl Iterator<Item = SocketAddr> {
    [dialog.caller_media, dialog.callee_media]
        .into_iter()
        .flatten()
}

impl Index {
    pub(super) fn add(&mut self, key: DialogKey, dialog: &Dialog) {
        for number in numbers(dialog) {
            self.by_number.entry(number).or_default().push(key);
        }
        let local = local_part(&dialog.call_id).to_owned();
        self.by_local_part.entry(local).or_insert(key);
    }

    pub(super) fn add_tag(&mut self, key: DialogKey, tag: &str) {
        self.by_tag.entry(tag.to_owned()).or_insert(key);
    }

    pub(super) fn know_media(&mut self, key: DialogKey, dialog: &Dialog) {
        for address in media(dialog) {
            self.by_media.entry(address).or_insert(key);
        }
    }

    pub(super) fn remove(&mut self, key: DialogKey, dialog: &Dialog, tags: &[String]) {
        for number in numbers(dialog) {
            if let Some(keys) = self.by_number.get_mut(&number) {
                keys.retain(|known| *known != key);
                if keys.is_empty() {
                    self.by_number.remove(&number);
                }
            }
        }
        for address in media(dialog) {
            if self.by_media.get(&address) == Some(&key) {
                self.by_media.remove(&address);
            }
        }
        for tag in tags {
            if self.by_tag.get(tag) == Some(&key) {
                self.by_tag.remove(tag);
            }
        }
        let local = local_part(&dialog.call_id);
        if self.by_local_part.get(local) == Some(&key) {
            self.by_local_part.remove(local);
        }
    }

    pub(super) fn by_number(&self, number: &str) -> impl Iterator<Item = DialogKey> {
        let keys = self.by_number.get(number).map(Vec::as_slice);
        let latest_first = keys.unwrap_or_default().iter().rev();
        latest_first.take(SAME_NUMBER_AT_MOST).copied()
    }

    pub(super) fn by_media(&self, address: SocketAddr) -> Option<DialogKey> {
        self.by_media.get(&address).copied()
    }

    pub(super) fn by_tag(&self, tag: &str) -> Option<DialogKey> {
        self.by_tag.get(tag).copied()
    }

    pub(super) fn by_local_part(&self, local: &str) -> Option<DialogKey> {
        self.by_local_part.get(local).copied()
    }
}
