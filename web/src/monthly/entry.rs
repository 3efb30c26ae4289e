//! What people write for a month says of itself once what its fields are; its list, its form, its history
//! and its removal follow.

pub(super) mod change;
mod kind;
pub(super) mod list;
pub(super) mod page;

use madoguchi_core::audit::Action;

pub(super) use self::kind::{EntryScreen, Making, Written};
use crate::kit::field::FieldInfo;
use crate::state::Web;

/// How the fields of a kind are called in the audit log.
pub(super) fn entry_audit<T: Written>(_: &Web) -> (Action, Vec<FieldInfo>) {
    let fields = T::all_fields().into_iter().map(|field| field.info);
    (T::SCREEN.action, fields.collect())
}

/// The routes of a kind.
macro_rules! entry_routes {
    ($entry:ty, $path:literal) => {
        $crate::auth::routes::Routes::new()
            .get(
                concat!("/monthly/{month}/", $path),
                $crate::monthly::entry::list::list::<$entry>,
            )
            .get(
                concat!("/monthly/{month}/", $path, "/new"),
                $crate::monthly::entry::page::new_page::<$entry>,
            )
            .long_post(
                concat!("/monthly/{month}/", $path, "/new"),
                $crate::limits::FormUse::Month,
                $crate::monthly::entry::change::create::<$entry>,
            )
            .and($crate::monthly::entry::entry_routes!(opened $entry, $path))
    };
    (listed $entry:ty, $path:literal) => {
        $crate::auth::routes::Routes::new()
            .get(
                concat!("/monthly/{month}/", $path),
                $crate::monthly::entry::list::list::<$entry>,
            )
            .and($crate::monthly::entry::entry_routes!(opened $entry, $path))
    };
    (opened $entry:ty, $path:literal) => {
        $crate::auth::routes::Routes::new()
            .get(
                concat!("/monthly/{month}/", $path, "/{id}"),
                $crate::monthly::entry::page::page::<$entry>,
            )
            .long_post(
                concat!("/monthly/{month}/", $path, "/{id}"),
                $crate::limits::FormUse::Month,
                $crate::monthly::entry::change::save::<$entry>,
            )
            .post(
                concat!("/monthly/{month}/", $path, "/{id}/remove"),
                $crate::monthly::entry::change::remove::<$entry>,
            )
    };
}

pub(super) use entry_routes;
