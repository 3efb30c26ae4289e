//! Forms that were not sent, by whose they are: one for each account, so many in all, not for long.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use madoguchi_core::id::UserId;
use madoguchi_core::time::{Millis, Monotonic};

use super::reason::Reason;

/// So long a form is kept.
pub(crate) const LASTS: Millis = Millis::from_secs(900);
/// Forms of more accounts are not kept at once; each is as large as a form may be.
const AT_MOST: usize = 100;

/// A form that was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unsent {
    /// The hash of what the browser has been given.
    pub(crate) key: String,
    /// The address of the page that the form is on.
    pub(crate) page: String,
    /// Where it was to be sent.
    pub(crate) action: String,
    /// Names and values.
    pub(crate) fields: Vec<(String, String)>,
    /// Why it was not sent.
    pub(crate) why: Reason,
    /// When it was kept.
    pub(crate) at: Monotonic,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct UnsentForms(Mutex<HashMap<UserId, Unsent>>);

impl UnsentForms {
    /// Keeps a form, in the place of an earlier one of the account; of too many the oldest goes.
    pub(crate) fn save(&self, user: UserId, unsent: Unsent) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = unsent.at;
        kept.retain(|_, one| now - one.at < LASTS);
        if kept.len() >= AT_MOST && !kept.contains_key(&user) {
            let oldest = kept.iter().min_by_key(|(_, one)| one.at);
            let oldest = oldest.map(|(user, _)| user.clone());
            oldest.map(|user| kept.remove(&user));
        }
        kept.insert(user, unsent);
    }

    /// The form of an account that this browser has not sent from this page. It is given once.
    pub(crate) fn take(
        &self,
        user: &UserId,
        (key, path): (&str, &str),
        now: Monotonic,
    ) -> Option<Unsent> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let one = kept.get(user)?;
        let page = one.page.split('?').next().unwrap_or_default();
        let fits = one.key == key && page == path && now - one.at < LASTS;
        if fits { kept.remove(user) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unsent(at: i64) -> Unsent {
        Unsent {
            key: "k".to_owned(),
            page: "/a/edit?x=1".to_owned(),
            action: "/a/edit".to_owned(),
            fields: Vec::new(),
            why: Reason::SessionEnded,
            at: Monotonic(at),
        }
    }

    #[test]
    fn a_form_is_given_once_to_its_account_in_its_browser_on_its_page_and_not_for_long() {
        let forms = UnsentForms::default();
        let (sato, ito) = (UserId::new("sato"), UserId::new("ito"));
        forms.save(sato.clone(), unsent(0));
        let take = |user, key, path, now| forms.take(user, (key, path), Monotonic(now));
        assert_eq!(take(&ito, "k", "/a/edit", 1), None, "another account");
        assert_eq!(take(&sato, "other", "/a/edit", 1), None, "another browser");
        assert_eq!(take(&sato, "k", "/b", 1), None, "another page");
        assert_eq!(take(&sato, "k", "/a/edit", LASTS.0), None, "too late");
        assert_eq!(take(&sato, "k", "/a/edit", 1), Some(unsent(0)));
        assert_eq!(take(&sato, "k", "/a/edit", 1), None, "once");
    }

    #[test]
    fn of_too_many_the_oldest_goes() {
        let forms = UnsentForms::default();
        for (at, n) in (0..).zip(0..=AT_MOST) {
            forms.save(UserId::new(format!("u{n}")), unsent(at));
        }
        let kept = forms.0.lock().unwrap();
        assert_eq!(kept.len(), AT_MOST);
        assert!(!kept.contains_key(&UserId::new("u0")));
    }
}
