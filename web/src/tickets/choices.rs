//! Reads what forms and filters of tickets offer.

use std::sync::Arc;

use madoguchi_core::access::Permission;
use madoguchi_core::id::DivisionId;
use madoguchi_core::service::{DIVISION, Division, Divisions};
use madoguchi_core::vendor::{VENDOR, Vendor};
use madoguchi_store::{Setting, Store, StoreError};
use serde::de::DeserializeOwned;

use super::offered::{Offered, OfferedUser};
use crate::state::Web;

/// More accounts than this are not offered.
const USERS: u32 = 1_000;

/// What is offered now.
pub(crate) async fn offered(web: &Web) -> Result<Arc<Offered>, StoreError> {
    let offered = Arc::new(offered_of(&web.store).await?);
    web.offered.save(offered.clone());
    Ok(offered)
}

/// What this store offers.
pub(crate) async fn offered_of(store: &Store) -> Result<Offered, StoreError> {
    let mut divisions = Divisions::default();
    for setting in store.list_settings(DIVISION).await? {
        if let Some(division) = read::<Division>(&setting) {
            divisions.set(DivisionId::new(&setting.id), division);
        }
    }
    let vendors = store.list_settings(VENDOR).await?;
    let vendors = vendors.iter().filter_map(read::<Vendor>);
    let users = store.list_named_users(USERS).await?;
    let users = users.into_iter().map(|user| OfferedUser {
        handles: user.permissions.contains(Permission::HandleTickets),
        id: user.id,
        login: user.login,
        name: user.name,
    });
    Ok(Offered {
        divisions,
        users: users.collect(),
        vendors: vendors.map(|vendor| vendor.name).collect(),
    })
}

/// A setting as what it is; one that cannot be read any more says so on its own page.
fn read<T: DeserializeOwned>(setting: &Setting) -> Option<T> {
    serde_json::from_str(setting.data.as_deref()?).ok()
}
