//! Reads what forms and filters of tickets offer.

use std::sync::Arc;

use madoguchi_core::access::Permission;
use madoguchi_core::department::{DEPARTMENT, Department};
use madoguchi_core::id::DivisionId;
use madoguchi_core::outbound::OutboundNumber;
use madoguchi_core::service::{DIVISION, Division, Divisions};
use madoguchi_core::vendor::{VENDOR, Vendor};
use madoguchi_store::{Setting, Store, StoreError};
use serde::de::DeserializeOwned;

use super::offered::{Offered, OfferedUser, Reached};
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
    let kept = store.list_settings(VENDOR).await?;
    let vendors = kept.iter().filter_map(read::<Vendor>);
    let mut reached: Vec<Reached> = kept
        .iter()
        .filter_map(|setting| {
            let Vendor { name, number, .. } = read(setting)?;
            who_can_be_called((VENDOR, setting), name, "エスカレーション先", number)
        })
        .collect();
    let departments = store.list_settings(DEPARTMENT).await?;
    reached.extend(departments.iter().filter_map(|setting| {
        let Department { name, number, .. } = read(setting)?;
        who_can_be_called((DEPARTMENT, setting), name, "部署", number)
    }));
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
        reached,
    })
}

/// Somebody whose number is one that can be dialled.
fn who_can_be_called(
    (stored, setting): (&str, &Setting),
    name: String,
    kind: &'static str,
    number: String,
) -> Option<Reached> {
    OutboundNumber::parse(&number)?;
    Some(Reached {
        id: format!("{stored}:{}", setting.id),
        name,
        kind,
        number,
    })
}

/// A setting as what it is; one that cannot be read any more says so on its own page.
fn read<T: DeserializeOwned>(setting: &Setting) -> Option<T> {
    serde_json::from_str(setting.data.as_deref()?).ok()
}
