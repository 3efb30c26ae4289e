//! By what a dialog is found: its numbers, where its voice goes, and what its messages name.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;

use madoguchi_core::phone;

use super::parts::DialogKey;
use crate::dialog::Dialog;

/// Dialogs with one number that are looked through; of more, the latest.
const SAME_NUMBER_AT_MOST: usize = 512;

/// Names of dialogs.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_number: HashMap<String, BTreeSet<DialogKey>>,
    by_media: HashMap<SocketAddr, DialogKey>,
    by_tag: HashMap<String, DialogKey>,
    by_local_part: HashMap<String, DialogKey>,
}

/// The numbers of a dialog in their one spelling; the empty text where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) from: String,
    pub(super) asserted: String,
    pub(super) called: String,
    pub(super) to: String,
}

impl Numbers {
    pub(super) fn of(dialog: &Dialog) -> Self {
        Self {
            from: phone::normalize(&dialog.from),
            asserted: phone::normalize(dialog.asserted.as_deref().unwrap_or_default()),
            called: phone::normalize(&dialog.called),
            to: phone::normalize(&dialog.to),
        }
    }

    /// Each once.
    pub(super) fn each(&self) -> Vec<&str> {
        let all = [&self.from, &self.asserted, &self.called, &self.to];
        let known = all.into_iter().map(String::as_str);
        let mut numbers: Vec<&str> = known.filter(|text| !text.is_empty()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// The part of a Call-ID before the host.
pub(super) fn local_part(call_id: &str) -> &str {
    call_id.split('@').next().unwrap_or(call_id)
}

impl Index {
    pub(super) fn add(&mut self, key: DialogKey, dialog: &Dialog, numbers: &Numbers) {
        self.add_numbers(key, numbers);
        let local = local_part(&dialog.call_id).to_owned();
        self.by_local_part.entry(local).or_insert(key);
    }

    pub(super) fn add_numbers(&mut self, key: DialogKey, numbers: &Numbers) {
        for number in numbers.each() {
            match self.by_number.get_mut(number) {
                Some(keys) => {
                    keys.insert(key);
                }
                None => {
                    let keys = BTreeSet::from([key]);
                    self.by_number.insert(number.to_owned(), keys);
                }
            }
        }
    }

    pub(super) fn add_tag(&mut self, key: DialogKey, tag: &str) {
        self.by_tag.entry(tag.to_owned()).or_insert(key);
    }

    pub(super) fn know_media(&mut self, key: DialogKey, address: SocketAddr) {
        self.by_media.insert(address, key);
    }

    pub(super) fn remove(
        &mut self,
        key: DialogKey,
        dialog: &Dialog,
        numbers: &Numbers,
        tags: &[String],
    ) {
        self.remove_numbers(key, numbers);
        for address in &dialog.voice {
            if self.by_media.get(address) == Some(&key) {
                self.by_media.remove(address);
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

    pub(super) fn remove_numbers(&mut self, key: DialogKey, numbers: &Numbers) {
        for number in numbers.each() {
            if let Some(keys) = self.by_number.get_mut(number) {
                keys.remove(&key);
                if keys.is_empty() {
                    self.by_number.remove(number);
                }
            }
        }
    }

    pub(super) fn by_number(&self, number: &str) -> impl Iterator<Item = DialogKey> {
        let keys = self.by_number.get(number).into_iter();
        let latest_first = keys.flat_map(|keys| keys.iter().rev());
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
