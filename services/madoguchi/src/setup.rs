//! 窓口の設定: what is set on screens, joined with the operator's file and brought to the running
//! desk, on this node and, by and by, on all others.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use madoguchi_core::setup::{CALENDAR_DAY, CalendarDay, DayRule};
use madoguchi_endpoint::shell::Endpoint;
use madoguchi_line::engine::EngineSettings;
use madoguchi_store::Store;
use tokio::sync::Mutex;

use crate::config::{Config, OverrideConfig};
use crate::live::LiveDesk;
use crate::serve;

/// How often it is looked whether another node has changed something.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The settings of the file, joined with those of screens.
pub(crate) async fn joined(file: &Config, store: &Store) -> anyhow::Result<Config> {
    let mut config = file.clone();
    for setting in store.list_settings(CALENDAR_DAY).await? {
        let data = setting.data.unwrap_or_default();
        let day = serde_json::from_str(&data)
            .with_context(|| format!("受付カレンダーの{}の設定を読めません", setting.id))?;
        put_day(&mut config, &day);
    }
    Ok(config)
}

/// The screen's word about a day replaces the file's.
fn put_day(config: &mut Config, day: &CalendarDay) {
    let reception = &mut config.reception;
    reception.overrides.retain(|entry| entry.date != day.date);
    reception.special_days.retain(|date| *date != day.date);
    let time = |time: chrono::NaiveTime| Some(time.format("%H:%M:%S").to_string());
    let (closed, opens, closes) = match day.rule {
        DayRule::SpecialDay => return reception.special_days.push(day.date),
        DayRule::Closed => (true, None, None),
        DayRule::Open { opens, closes } => (false, time(opens), time(closes)),
        DayRule::Until { closes } => (false, None, time(closes)),
    };
    reception.overrides.push(OverrideConfig {
        date: day.date,
        closed,
        opens,
        closes,
    });
}

/// Brings settings to the running desk.
#[derive(Debug)]
pub(crate) struct Setup {
    file: Config,
    store: Store,
    endpoint: Endpoint,
    nonce_secret: [u8; 32],
    /// The stamp of what is in force; one change at a time is brought over.
    in_force: Mutex<String>,
}

impl Setup {
    pub(crate) fn new(
        file: Config,
        store: Store,
        endpoint: Endpoint,
        nonce_secret: [u8; 32],
        in_force: String,
    ) -> Self {
        Self {
            file,
            store,
            endpoint,
            nonce_secret,
            in_force: Mutex::new(in_force),
        }
    }

    /// Takes up what is in the store now.
    pub(crate) async fn apply(&self, live: &LiveDesk) -> anyhow::Result<()> {
        let mut in_force = self.in_force.lock().await;
        let stamp = self.store.settings_stamp().await?;
        if *in_force == stamp {
            return Ok(());
        }
        let config = joined(&self.file, &self.store).await?;
        config.check()?;
        let calendar = config.calendar()?;
        let engine = EngineSettings {
            node: madoguchi_core::id::NodeName::new(&config.node),
            lines: config.line_settings()?,
            agents: config.agent_settings(),
            calendar: calendar.clone(),
        };
        let endpoint = config.endpoint_settings(self.nonce_secret)?;
        let sounds = serve::sounds(&config)?;
        self.endpoint.reconfigure(endpoint, engine, sounds).await;
        live.set_calendar(calendar);
        *in_force = stamp;
        tracing::info!("the settings made on screens are in force");
        Ok(())
    }
}

/// Takes up what other nodes have changed.
pub(crate) async fn follow(setup: Arc<Setup>, live: Arc<LiveDesk>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if !live.database_up() {
            continue;
        }
        if let Err(error) = setup.apply(&live).await {
            tracing::error!(%error, "the settings made on screens cannot be taken up");
        }
    }
}

#[cfg(test)]
mod tests {
    use madoguchi_core::hours::HoursReason;

    use super::*;

    #[test]
    fn the_screens_word_about_a_day_replaces_the_files() {
        let mut config = Config::default();
        let date: chrono::NaiveDate = "2026-11-28".parse().unwrap();
        config.reception.special_days = vec![date];
        let reason = |config: &Config| config.calendar().unwrap().day_hours(date).reason;
        assert_eq!(reason(&config), HoursReason::SpecialDay);
        let day = |rule| CalendarDay {
            date,
            rule,
            note: String::new(),
        };
        put_day(&mut config, &day(DayRule::Closed));
        assert_eq!(reason(&config), HoursReason::OverrideClosed);
        put_day(&mut config, &day(DayRule::SpecialDay));
        assert_eq!(reason(&config), HoursReason::SpecialDay);
        let closes = chrono::NaiveTime::from_hms_opt(19, 0, 0).unwrap();
        put_day(&mut config, &day(DayRule::Until { closes }));
        let found = config.calendar().unwrap().day_hours(date);
        assert_eq!(found.hours.map(|hours| hours.1), Some(Some(closes)));
        config.check().unwrap();
    }
}
