//! What must hold between settings before anything starts.

use std::collections::HashSet;

use madoguchi_core::phone;

use super::{Config, ConfigError};

impl Config {
    /// Refuses settings that contradict each other or cannot be meant.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.check_names()?;
        self.check_references()?;
        self.check_ranges()?;
        // Whatever has a form of its own is read once, so that errors come at the start.
        self.calendar()?;
        self.endpoint_settings([0; 32])?;
        self.line_settings()?;
        Ok(())
    }

    fn check_names(&self) -> Result<(), ConfigError> {
        unique(
            "line.name",
            self.lines.iter().map(|line| line.name.as_str()),
        )?;
        unique(
            "agent.id",
            self.agents.iter().map(|agent| agent.id.as_str()),
        )?;
        unique(
            "agent.extension",
            self.agents.iter().map(|agent| agent.extension.as_str()),
        )?;
        unique(
            "trunk.name",
            self.trunks.iter().map(|trunk| trunk.name.as_str()),
        )?;
        let numbers: Vec<String> = self
            .lines
            .iter()
            .flat_map(|line| &line.numbers)
            .chain(self.agents.iter().map(|agent| &agent.extension))
            .map(|number| phone::normalize(number))
            .collect();
        unique("line.numbers", numbers.iter().map(String::as_str))?;
        if self.lines.iter().any(|line| line.name == "internal") {
            return Err(ConfigError::value(
                "line.name",
                "「internal」は内線の集計に使う名前です。ほかの名前にしてください",
            ));
        }
        Ok(())
    }

    fn check_references(&self) -> Result<(), ConfigError> {
        for agent in &self.agents {
            for name in &agent.lines {
                if !self.lines.iter().any(|line| line.name == *name) {
                    return Err(ConfigError::value(
                        format!("agent「{}」の lines", agent.id),
                        format!("「{name}」という回線はありません"),
                    ));
                }
            }
        }
        for line in &self.lines {
            if line.numbers.is_empty() {
                return Err(ConfigError::value(
                    format!("line「{}」の numbers", line.name),
                    "電話番号を1つ以上書いてください",
                ));
            }
            if let Some(name) = &line.trunk
                && !self.trunks.iter().any(|trunk| trunk.name == *name)
            {
                return Err(ConfigError::value(
                    format!("line「{}」の trunk", line.name),
                    format!("「{name}」という外線はありません"),
                ));
            }
        }
        Ok(())
    }

    fn check_ranges(&self) -> Result<(), ConfigError> {
        if self.media.first_port >= self.media.last_port || self.media.first_port < 1024 {
            return Err(ConfigError::value(
                "media.first_port",
                "1024以上で、last_port より小さい値にしてください",
            ));
        }
        if self.sip.min_expires_s > self.sip.max_expires_s || self.sip.max_expires_s == 0 {
            return Err(ConfigError::value(
                "sip.min_expires_s",
                "max_expires_s 以下の値にしてください",
            ));
        }
        if self.sip.session_expires_s > 0 && self.sip.session_expires_s < self.sip.min_se_s {
            return Err(ConfigError::value(
                "sip.session_expires_s",
                "min_se_s 以上か、0(使わない)にしてください",
            ));
        }
        self.web.check()?;
        for line in &self.lines {
            if line.ring_timeout_s == 0 {
                return Err(ConfigError::value(
                    format!("line「{}」の ring_timeout_s", line.name),
                    "1以上の値にしてください",
                ));
            }
        }
        Ok(())
    }
}

fn unique<'a>(key: &str, names: impl Iterator<Item = &'a str>) -> Result<(), ConfigError> {
    let mut seen = HashSet::new();
    for name in names {
        if name.is_empty() {
            return Err(ConfigError::value(key, "空の値があります"));
        }
        if !seen.insert(name) {
            return Err(ConfigError::value(
                key,
                format!("「{name}」が2回書かれています"),
            ));
        }
    }
    Ok(())
}
