//! The kit of the screens: what a record says of itself once, in a table of its fields, is its form,
//! how the form is read, its reading, its history, its list, and its entries in the audit log.
//!
//! What a large list says of itself once, in a table of its columns, is its page and its files
//! ([`table`]).
//!
//! To add a record with its screens, write its [`record::Record`] with its table, and join
//! [`record_routes!`](record_routes) to the routes.

pub(crate) mod book_file;
pub(crate) mod bulk;
mod conflict;
pub(crate) mod export;
pub(crate) mod field;
pub(crate) mod fields;
pub(crate) mod form;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod page;
pub(crate) mod record;
pub(crate) mod removal;
pub(crate) mod restore;
pub(crate) mod table;
pub(crate) mod table_api;
pub(crate) mod table_file;
pub(crate) mod table_filter;
pub(crate) mod table_page;
pub(crate) mod table_question;
pub(crate) mod value;
pub(crate) mod versioned;

/// The routes of a large list: its page, and the list as files.
pub(crate) fn table_routes<L: table::Listing>() -> crate::auth::routes::Routes {
    crate::auth::routes::Routes::new()
        .get(L::INFO.page, table_page::page::<L>)
        .file(L::INFO.file, table_file::download::<L>)
}

/// The routes of a kind of record: its list, a new one, single ones and their earlier versions, and
/// the list as files; `unlisted` of one that has a list of its own.
macro_rules! record_routes {
    ($record:ty, list: $list:literal, one: $one:literal) => {
        $crate::kit::record_routes!(unlisted $record, list: $list, one: $one)
            .get($list, $crate::kit::list::page::<$record>)
    };
    (removable $record:ty, list: $list:literal, one: $one:literal) => {
        $crate::kit::record_routes!(unlisted removable $record, list: $list, one: $one)
            .get($list, $crate::kit::list::page::<$record>)
    };
    (unlisted $record:ty, list: $list:literal, one: $one:literal) => {
        $crate::auth::routes::Routes::new()
            .get(
                concat!($list, "/download"),
                $crate::kit::export::download::<$record>,
            )
            .get(
                concat!($list, "/new"),
                $crate::kit::page::new_page::<$record>,
            )
            .post(
                concat!($list, "/new"),
                $crate::kit::page::create::<$record>,
            )
            .get(
                concat!($one, "/{id}"),
                $crate::kit::page::page::<$record>,
            )
            .post(
                concat!($one, "/{id}"),
                $crate::kit::page::save::<$record>,
            )
            .post(
                concat!($one, "/{id}/restore"),
                $crate::kit::restore::restore::<$record>,
            )
    };
    (unlisted removable $record:ty, list: $list:literal, one: $one:literal) => {
        $crate::kit::record_routes!(unlisted $record, list: $list, one: $one)
            .get(
                concat!($one, "/{id}/remove"),
                $crate::kit::removal::page::<$record>,
            )
            .post(
                concat!($one, "/{id}/remove"),
                $crate::kit::removal::remove::<$record>,
            )
    };
    (single $record:ty, at: $at:literal) => {
        $crate::auth::routes::Routes::new()
            .get($at, $crate::kit::page::single_page::<$record>)
            .post($at, $crate::kit::page::save_single::<$record>)
            .post(
                concat!($at, "/restore"),
                $crate::kit::restore::restore_single::<$record>,
            )
    };
}

pub(crate) use record_routes;
