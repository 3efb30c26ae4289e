//! The shifts of the sample desk.

use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::month::{STAFFING_SETTINGS, STAFFING_SETTINGS_ID, StaffingSettings};
use madoguchi_core::time::Instant;
use madoguchi_store::{NewVersion, Store, StoreError};

/// They cover the whole day, for the sample desk is always open; nobody's pause is left without somebody.
const SHIFTS: [&str; 5] = [
    "早番 8:00-16:30 休憩 12:00-13:00",
    "遅番 9:00-17:30 休憩 13:00-14:00",
    "夜間 16:30-24:00",
    "深夜 0:00-8:00",
    "半日 8:00-13:00",
];

fn settings() -> StaffingSettings {
    StaffingSettings {
        shifts: SHIFTS
            .into_iter()
            .filter_map(|line| line.parse().ok())
            .collect(),
        ..StaffingSettings::default()
    }
}

/// Writes them, if there are none yet.
pub(super) async fn add(store: &Store, now: Instant) -> Result<(), StoreError> {
    let known = store.setting_history(STAFFING_SETTINGS, STAFFING_SETTINGS_ID);
    if !known.await?.is_empty() {
        return Ok(());
    }
    let entry = AuditEntry::of_system(
        now,
        Action::StaffingSettingsChange,
        STAFFING_SETTINGS_ID,
        Fields::from([("shifts".to_owned(), SHIFTS.join("\n"))]),
    );
    let version = NewVersion {
        kind: STAFFING_SETTINGS,
        id: STAFFING_SETTINGS_ID.to_owned(),
        replaces: 0,
        data: serde_json::to_string(&settings()).ok(),
    };
    let mut tx = store.begin(entry).await?;
    tx.save_setting(&version).await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shifts_of_the_sample_desk_can_be_worked() {
        let settings = settings();
        assert_eq!(settings.shifts.len(), SHIFTS.len());
        assert!(settings.faults().is_empty(), "{:?}", settings.faults());
    }
}
