//! File and screens put together. The file's word counts for its own things; of a day of the
//! calendar the screen's does.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use madoguchi_core::id::AgentId;
use madoguchi_core::setup::{CalendarDay, DayRule, FileSetup, ScreenAgent, ScreenSetup, put_days};
use madoguchi_store::Store;

use super::rows::Rows;
use crate::config::{Config, OverrideConfig};

/// What the store keeps of the screens.
#[derive(Debug, Default)]
pub(crate) struct StoredSetup {
    pub(crate) screen: ScreenSetup,
    /// The names of agents who were removed.
    pub(crate) former_agents: BTreeMap<AgentId, String>,
    /// The names of lines that were removed.
    pub(crate) former_lines: Vec<String>,
    /// What is said on the telephone: id and JSON.
    pub(crate) announcements: Vec<(String, String)>,
    /// The stamp of all this.
    pub(crate) stamp: String,
}

impl StoredSetup {
    /// From the store.
    pub(crate) async fn load(store: &Store) -> anyhow::Result<Self> {
        Self::of(Rows::load(store).await?)
    }

    /// From the store, and kept beside it in `data_dir` for a start without it.
    pub(crate) async fn load_and_save(store: &Store, data_dir: &Path) -> anyhow::Result<Self> {
        let rows = Rows::load(store).await?;
        let kept = Self::of(rows.clone())?;
        rows.save(data_dir);
        Ok(kept)
    }

    /// As they were last seen; what the file says alone if they were never seen.
    pub(crate) fn saved(data_dir: &Path) -> anyhow::Result<Self> {
        let rows = Rows::saved(data_dir);
        if rows.is_none() {
            tracing::warn!("without the database nothing is known of what was set on screens");
        }
        rows.map_or_else(|| Ok(Self::default()), Self::of)
    }

    fn of(rows: Rows) -> anyhow::Result<Self> {
        let mut kept = Self {
            announcements: rows.announcements,
            former_lines: rows.former_lines,
            stamp: rows.stamp,
            ..Self::default()
        };
        for (kind, id, data) in rows.settings {
            let put = kept.screen.put(&kind, &id, Some(&data));
            put.with_context(|| format!("画面で定めた設定({kind}、{id})を読めません"))?;
        }
        for (id, data) in rows.former_agents {
            if let Ok(last) = serde_json::from_str::<ScreenAgent>(&data) {
                let name = last.agent.name;
                kept.former_agents.insert(AgentId::new(&id), name);
            }
        }
        Ok(kept)
    }
}

/// The settings of the file, joined with those of screens, with the passwords that `open` opens.
pub(super) fn config(
    file: &Config,
    screen: &ScreenSetup,
    open: impl Fn(&str) -> Option<String>,
) -> Config {
    let mut config = file.clone();
    for day in screen.days.values().filter(|day| day.calendar.is_none()) {
        put_day(&mut config, day);
    }
    config.calendars.extend(screen.calendars.values().cloned());
    put_days(&mut config.calendars, screen);
    config.lines.extend(screen.lines.values().cloned());
    let agents = screen.agents.values().map(|agent| agent.joined(&open));
    config.agents.extend(agents);
    let trunks = screen.trunks.values().map(|trunk| trunk.joined(&open));
    config.trunks.extend(trunks);
    config.figures = file.figures.over(screen.targets);
    config.outbound = file.outbound.over(&screen.outbound);
    config.observe = file.observe.over(&screen.observe, &open);
    config
}

/// What the file names, as pages show it.
pub(super) fn file_setup(file: &Config) -> FileSetup {
    FileSetup {
        lines: file.lines.clone(),
        agents: file.agents.clone(),
        trunks: file.trunks.clone(),
        calendars: file.calendars.clone(),
        targets: file.figures,
        outbound: file.outbound.clone(),
        observe: file.observe.setting(),
        feature_codes: file.own_feature_codes(),
        realm: file.sip.realm.clone(),
    }
}

/// The screen's word about a day of the desk's calendar replaces the file's.
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

#[cfg(test)]
mod tests {
    use madoguchi_core::hours::HoursReason;
    use madoguchi_core::setup::{
        AgentConfig, Duty, LineConfig, ScreenTrunk, Sealed, StoredHashes, TrunkConfig,
    };
    use madoguchi_core::time::Instant;
    use madoguchi_sip::digest::Ha1;

    use super::*;
    use crate::setup::{check_joined, phone_hashes};

    fn file(text: &str) -> Config {
        let config = Config::parse(text, Path::new("test.toml")).unwrap();
        config.check().unwrap();
        config
    }

    #[test]
    fn the_screens_word_about_a_day_replaces_the_files() {
        let mut config = Config::default();
        let date: chrono::NaiveDate = "2026-11-28".parse().unwrap();
        config.reception.special_days = vec![date];
        let reason = |config: &Config| config.calendar().unwrap().day_hours(date).reason;
        assert_eq!(reason(&config), HoursReason::SpecialDay);
        let day = |rule| CalendarDay {
            calendar: None,
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

    #[test]
    fn a_line_has_the_calendar_that_file_or_screen_made_with_the_days_of_screens() {
        let file = file(
            "[[calendar]]\nname = \"MACS\"\nhours = \"8:15-20:00\"\n\
             [[line]]\nname = \"a\"\nnumbers = [\"1\"]\ncalendar = \"MACS\"",
        );
        let mut screen = ScreenSetup::default();
        for (kind, id, data) in [
            (
                "line",
                "b",
                r#"{"name":"b","numbers":["2"],"calendar":"早朝"}"#,
            ),
            ("calendar", "早朝", r#"{"name":"早朝","hours":"7:00-9:00"}"#),
            (
                "calendar_day",
                "2026-11-24@MACS",
                r#"{"calendar":"MACS","date":"2026-11-24","rule":"closed"}"#,
            ),
        ] {
            screen.put(kind, id, Some(data)).unwrap();
        }
        let joined = config(&file, &screen, |_| None);
        check_joined(&joined).unwrap();
        let calendars = joined.calendars().unwrap();
        let open = |line: &str, time: &str| {
            let at = Instant::from_tokyo(time.parse().unwrap());
            calendars.of_line(&line.into()).status(at).open
        };
        assert!(open("b", "2026-11-24T07:00:00") && !open("b", "2026-11-24T10:00:00"));
        assert!(!open("a", "2026-11-24T10:00:00") && open("a", "2026-11-25T19:00:00"));
        let desk = |date: &str| calendars.desk().day_hours(date.parse().unwrap()).reason;
        assert_eq!(desk("2026-11-24"), HoursReason::Weekday);
        let lines = joined.line_settings().unwrap();
        assert!(lines.iter().all(|line| line.calendar.is_some()));
        // Nobody takes away the calendar of a line.
        screen.put("calendar", "早朝", None).unwrap();
        let told = check_joined(&config(&file, &screen, |_| None)).unwrap_err();
        assert!(format!("{told:#}").contains("「早朝」という受付カレンダーはありません"));
    }

    #[test]
    fn what_was_made_on_screens_works_like_what_the_file_names() {
        let file =
            file("[[line]]\nname = \"a\"\nnumbers = [\"1\"]\n[figures]\nservice_level_s = 30");
        let mut screen = ScreenSetup::default();
        let line = LineConfig::new("b", vec!["2".to_owned()]);
        screen.lines.insert("b".to_owned(), line);
        let agent = ScreenAgent {
            agent: AgentConfig {
                lines: vec![Duty::first("b"), Duty::first("a")],
                ..AgentConfig::new("suzuki", "鈴木", "202")
            },
            hashes: StoredHashes::Plain(phone_hashes("202", &file.sip.realm, "pass-word")),
            password_at: Instant(0),
        };
        screen.agents.insert("suzuki".to_owned(), agent.clone());
        let trunk = ScreenTrunk {
            trunk: TrunkConfig {
                outbound: Some("sip:carrier.example".to_owned()),
                user: Some("user".to_owned()),
                ..TrunkConfig::new("carrier")
            },
            password: Some(Sealed {
                sealed: "sealed".to_owned(),
                at: Instant(0),
            }),
            inbound_password: None,
        };
        screen.trunks.insert("carrier".to_owned(), trunk);
        screen.targets.service_level_s = Some(5);
        screen.targets.short_abandoned_s = Some(7);
        let joined = config(&file, &screen, |_| Some("opened".to_owned()));
        check_joined(&joined).unwrap();
        let endpoint = joined.endpoint_settings([0; 32]).unwrap();
        assert_eq!(endpoint.lines.len(), 2);
        let expected = Ha1::all("202", &file.sip.realm, "pass-word");
        assert_eq!(endpoint.phones[0].secrets, expected);
        let credentials = endpoint.trunks[0].credentials.as_ref().unwrap();
        assert_eq!(credentials.password, "opened");
        let targets = joined.figures.targets();
        assert_eq!(
            (targets.service_level_s, targets.short_abandoned_s),
            (30, 7)
        );
        // A password that was made for another realm or extension proves nothing.
        let mut elsewhere = file.clone();
        elsewhere.sip.realm = "other".to_owned();
        let joined = config(&elsewhere, &screen, |_| None);
        let endpoint = joined.endpoint_settings([0; 32]).unwrap();
        assert!(endpoint.phones[0].secrets.is_empty());
        assert!(
            endpoint.trunks[0].credentials.is_none(),
            "the key does not open it"
        );
    }

    #[test]
    fn a_file_that_gains_what_a_screen_has_is_refused_in_one_line() {
        let mut screen = ScreenSetup::default();
        let line = LineConfig::new("夜間", vec!["5100".to_owned()]);
        screen.lines.insert("夜間".to_owned(), line);
        for (text, told) in [
            (
                "[[line]]\nname = \"夜間\"\nnumbers = [\"1\"]",
                "line「夜間」の設定「name」に誤りがあります: 同じ名前の回線が2つあります",
            ),
            (
                "[[line]]\nname = \"休日\"\nnumbers = [\"5100\"]",
                "line「夜間」の設定「numbers」に誤りがあります: 「5100」は、回線「休日」が使っています",
            ),
            (
                "[[agent]]\nid = \"a\"\nname = \"a\"\nextension = \"5100\"\nlines = []",
                "agent「a」の設定「extension」に誤りがあります: 「5100」は、回線「夜間」が使っています",
            ),
        ] {
            let joined = config(&file(text), &screen, |_| None);
            let error = format!("{:#}", check_joined(&joined).unwrap_err());
            assert_eq!(
                error,
                format!(
                    "設定ファイルと、画面で定めた設定とが合いません。設定ファイルを直してください: {told}"
                )
            );
        }
    }
}
