//! What is set on screens for the month's report, as it is now.

use madoguchi_core::month::{
    OWN_TARGETS, OWN_TARGETS_ID, OwnTargets, REPORT_SETTINGS, REPORT_SETTINGS_ID, ReportSettings,
    STAFFING_SETTINGS, STAFFING_SETTINGS_ID, StaffingSettings,
};
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::store::Store;

impl Store {
    /// What is set for the month's report.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn report_settings(&self) -> Result<ReportSettings, StoreError> {
        self.only_setting(REPORT_SETTINGS, REPORT_SETTINGS_ID).await
    }

    /// Targets of one's own.
    ///
    /// # Errors
    /// As [`Self::report_settings`].
    pub async fn own_targets(&self) -> Result<OwnTargets, StoreError> {
        self.only_setting(OWN_TARGETS, OWN_TARGETS_ID).await
    }

    /// What 見通しと要員 is computed with.
    ///
    /// # Errors
    /// As [`Self::report_settings`].
    pub async fn staffing_settings(&self) -> Result<StaffingSettings, StoreError> {
        self.only_setting(STAFFING_SETTINGS, STAFFING_SETTINGS_ID)
            .await
    }

    /// The one of a kind of which there is one; what it is before a screen has changed it, if none has.
    async fn only_setting<T: DeserializeOwned + Default>(
        &self,
        kind: &'static str,
        id: &'static str,
    ) -> Result<T, StoreError> {
        let kept = self.list_settings(kind).await?;
        let data = kept.into_iter().find(|setting| setting.id == id);
        let Some(data) = data.and_then(|setting| setting.data) else {
            return Ok(T::default());
        };
        serde_json::from_str(&data).map_err(|source| StoreError::Unreadable {
            what: format!("the setting {kind}"),
            source,
        })
    }
}
