//! What the media need of the settings: the sounds, and where voice is heard.

use madoguchi_core::id::LineName;
use madoguchi_core::time::Millis;
use madoguchi_endpoint::media::{MediaSettings, Sounds};

use crate::config::Config;
use crate::descriptors::Budget;

/// How the media behave.
pub(crate) fn media_settings(config: &Config, sounds: &Sounds, budget: &Budget) -> MediaSettings {
    let has = |v4: bool| {
        config
            .sip
            .listen
            .iter()
            .any(|listen| listen.contains("://[") != v4)
    };
    MediaSettings {
        bind_v4: has(true).then_some(std::net::Ipv4Addr::UNSPECIFIED),
        bind_v6: has(false).then_some(std::net::Ipv6Addr::UNSPECIFIED),
        dscp: config.media.dscp,
        ports: config.media.first_port..=config.media.last_port,
        reports_at_most: usize::try_from(budget.report_sockets).unwrap_or(usize::MAX),
        rtp_timeout: Millis::from_secs(i64::from(config.media.rtp_timeout_s)),
        music: sounds.music(None),
    }
}

/// What is played: what the settings name, and the product's own besides.
pub(crate) fn load(config: &Config) -> anyhow::Result<Sounds> {
    let lines = config
        .lines
        .iter()
        .filter(|line| !line.announcements.is_empty())
        .map(|line| (LineName::new(&line.name), line.announcements.clone()))
        .collect();
    Ok(Sounds::load(&config.announcements, &lines)?)
}
