//! What the settings mean for each room of the house.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use chrono::{NaiveDate, NaiveTime};
use madoguchi_core::figures::FiguresSettings;
use madoguchi_core::hours::{Calendar, HoursSettings, Override};
use madoguchi_core::id::{AgentId, LineName};
use madoguchi_core::outbound::OutboundRules;
use madoguchi_core::setup::{
    AgentConfig, AgentOutboundConfig, AtClosingConfig, Calendars, FieldError, Part, PartFault,
    PhoneHashes, TrunkConfig, VoiceEncryption,
};
use madoguchi_core::time::Millis;
use madoguchi_endpoint::settings::{
    Credentials, EndpointSettings, FeatureCodes, LineNumbers, Listen, Phone, Transport, Trunk,
    TrunkAuth, TrunkRegistration, TrunkSource,
};
use madoguchi_line::settings::{AgentSettings, AtClosing, Duty, LineSettings};
use madoguchi_sip::digest::{Algorithm, Ha1};
use madoguchi_sip::sdp::Encryption;
use madoguchi_sip::uri::{Host, Scheme, Uri};

use super::secret::{from_env, secret};
use super::{Config, ConfigError, LineConfig, OverrideConfig, tls};
use crate::descriptors::{self, Budget};

fn encryption(setting: VoiceEncryption) -> Encryption {
    match setting {
        VoiceEncryption::Off => Encryption::Off,
        VoiceEncryption::Optional => Encryption::Optional,
        VoiceEncryption::Required => Encryption::Required,
    }
}

impl Config {
    /// Where the store is.
    pub fn store_url(&self, data_dir: &Path) -> Result<String, ConfigError> {
        if let Some(name) = &self.store.url_env {
            return from_env(name).map_err(|message| ConfigError::value("store.url_env", message));
        }
        if self.store.url.is_empty() {
            return Ok(format!(
                "sqlite://{}",
                data_dir.join("madoguchi.sqlite").display()
            ));
        }
        Ok(self.store.url.clone())
    }

    /// The thresholds of figures.
    pub fn figures_settings(&self) -> FiguresSettings {
        self.figures.targets().figures()
    }

    /// When the desk is open.
    pub fn calendar(&self) -> Result<Calendar, ConfigError> {
        let reception = &self.reception;
        let opens = time("reception.opens", &reception.opens)?.unwrap_or(NaiveTime::MIN);
        let closes = time("reception.closes", &reception.closes)?;
        if closes.is_some_and(|closes| closes <= opens) {
            return Err(ConfigError::value(
                "reception.closes",
                "opens より後の時刻にしてください",
            ));
        }
        let mut overrides = BTreeMap::new();
        for entry in &reception.overrides {
            if overrides
                .insert(entry.date, read_override(entry)?)
                .is_some()
            {
                let message = format!("{} が2回書かれています", entry.date);
                return Err(ConfigError::value("reception.override", message));
            }
        }
        let holidays = match &reception.holidays_file {
            Some(path) => read_holidays(path)?,
            None => BTreeMap::new(),
        };
        Ok(Calendar::new(HoursSettings {
            opens,
            closes,
            second_saturday: reception.second_saturday,
            special_days: reception.special_days.iter().copied().collect(),
            overrides,
            holidays,
            every_day: reception.every_day,
            ..HoursSettings::default()
        }))
    }

    /// The desk's calendar, and those of lines and 業務区分.
    pub fn calendars(&self) -> Result<Calendars, ConfigError> {
        let desk = self.calendar()?;
        Ok(Calendars::new(desk, &self.calendars, &self.lines))
    }

    /// The lines for the queue engine.
    pub fn line_settings(&self) -> Result<Vec<LineSettings>, ConfigError> {
        let calendars = self.calendars()?;
        let own = |line: &LineConfig| {
            let name = line.calendar.as_deref().filter(|name| calendars.has(name));
            name.map(|name| calendars.named(Some(name)).clone())
        };
        let lines = self.lines.iter().map(|line| LineSettings {
            name: LineName::new(&line.name),
            calendar: own(line),
            greeting: line.greeting,
            strategy: line.strategy,
            ring_timeout: secs(line.ring_timeout_s),
            away_after_no_answers: line.away_after_no_answers,
            max_waiting: line.max_waiting,
            max_wait: secs(line.max_wait_s),
            announce_every: secs(line.announce_every_s),
            announce: line.announce,
            wait_without_agents: line.wait_without_agents,
            at_closing: match line.at_closing {
                AtClosingConfig::Serve => AtClosing::Serve {
                    limit: secs(line.closing_limit_s),
                },
                AtClosingConfig::Tell => AtClosing::Tell,
            },
            wrap_up: secs(line.wrap_up_s),
            priority: line.priority,
        });
        Ok(lines.collect())
    }

    /// Whom agents may call outside: the desk's rules, and what differs for single agents.
    pub fn outbound_rules(&self) -> OutboundRules {
        let mut rules = self.outbound.rules();
        for agent in &self.agents {
            if agent.outbound != AgentOutboundConfig::default() {
                let rule = agent.outbound.rule(&rules.usual);
                rules.of_agents.insert(AgentId::new(&agent.id), rule);
            }
        }
        rules
    }

    /// The agents for the queue engine.
    pub fn agent_settings(&self) -> Vec<AgentSettings> {
        self.agents
            .iter()
            .map(|agent| AgentSettings {
                agent: AgentId::new(&agent.id),
                name: agent.name.clone(),
                extension: agent.extension.clone(),
                lines: agent
                    .lines
                    .iter()
                    .map(|duty| Duty {
                        line: LineName::new(&duty.line),
                        level: duty.level,
                    })
                    .collect(),
            })
            .collect()
    }

    /// What the endpoint must know.
    pub fn endpoint_settings(
        &self,
        nonce_secret: [u8; 32],
    ) -> Result<EndpointSettings, ConfigError> {
        let sip = &self.sip;
        Ok(EndpointSettings {
            listen: sip
                .listen
                .iter()
                .map(|text| read_listen(text))
                .collect::<Result<_, _>>()?,
            certificate: self.sip_certificate()?,
            dscp: sip.dscp,
            public_address: sip.public_address,
            realm: sip.realm.clone(),
            digest_algorithms: read_algorithms(&sip.digest_algorithms)?,
            nonce_secret,
            max_expires_secs: sip.max_expires_s,
            min_expires_secs: sip.min_expires_s,
            session_expires_secs: sip.session_expires_s,
            min_se_secs: sip.min_se_s,
            keep_alive: secs(sip.keep_alive_s),
            dial_timeout: secs(sip.dial_timeout_s),
            unknown_requests_per_minute: sip.unknown_requests_per_minute,
            tcp_connections: self.sip_connections(),
            lines: self
                .lines
                .iter()
                .map(|line| LineNumbers {
                    line: LineName::new(&line.name),
                    numbers: line.numbers.clone(),
                    shown: line.shown_number.clone(),
                    trunk: line.trunk.clone(),
                })
                .collect(),
            phones: self.phones()?,
            trunks: self
                .trunks
                .iter()
                .map(|trunk| self.trunk(trunk))
                .collect::<Result<_, _>>()?,
            phones_symmetric_rtp: self.media.phones_symmetric_rtp,
            phones_encryption: encryption(self.media.phones_srtp),
            keys_in_clear: self.media.srtp_keys_in_clear,
            feature_codes: FeatureCodes {
                ready: self.feature_codes.ready.clone(),
                away: self.feature_codes.away.clone(),
                log_out: self.feature_codes.log_out.clone(),
                pick_up: self.feature_codes.pick_up.clone(),
                park: self.feature_codes.park.clone(),
            },
        })
    }

    /// As many as wished, and as there are descriptors for.
    fn sip_connections(&self) -> usize {
        let budget = Budget::of(self, descriptors::hard_limit());
        let at_most = u64::from(self.sip.tcp_connections).min(budget.sip_connections);
        usize::try_from(at_most).unwrap_or(usize::MAX)
    }

    fn phones(&self) -> Result<Vec<Phone>, ConfigError> {
        self.agents.iter().map(|agent| self.phone(agent)).collect()
    }

    fn phone(&self, agent: &AgentConfig) -> Result<Phone, ConfigError> {
        let fault = |field, message| {
            ConfigError::Part(PartFault::new(
                Part::Agent,
                &agent.id,
                FieldError::new(field, message),
            ))
        };
        let password = secret(&agent.password, &agent.password_env)
            .map_err(|message| fault("password_env", message))?;
        if let Some(contact) = &agent.contact {
            check_uri(contact).map_err(|message| fault("contact", message))?;
            tls::check_contact(contact).map_err(|message| fault("contact", message))?;
        }
        let secrets = match (&agent.hashes, password) {
            (Some(hashes), _) => kept_secrets(hashes, agent, &self.sip.realm),
            (None, Some(password)) => Ha1::all(&agent.extension, &self.sip.realm, &password),
            (None, None) => Vec::new(),
        };
        Ok(Phone {
            agent: AgentId::new(&agent.id),
            extension: agent.extension.clone(),
            secrets,
            fixed_contacts: agent.contact.iter().cloned().collect(),
            line: agent.lines.first().map(|duty| LineName::new(&duty.line)),
        })
    }

    fn trunk(&self, trunk: &TrunkConfig) -> Result<Trunk, ConfigError> {
        let fault = |field, message| {
            ConfigError::Part(PartFault::new(
                Part::Trunk,
                &trunk.name,
                FieldError::new(field, message),
            ))
        };
        let uri = |field, text: &str| check_uri(text).map_err(|message| fault(field, message));
        let inbound = secret(&trunk.inbound_password, &trunk.inbound_password_env)
            .map_err(|message| fault("inbound_password_env", message))?;
        let password = secret(&trunk.password, &trunk.password_env)
            .map_err(|message| fault("password_env", message))?;
        let uri = |field, text: &str| {
            uri(field, text)?;
            check_reachable(text).map_err(|message| fault(field, message))?;
            self.check_encrypted(text)
                .map_err(|message| fault(field, message))
        };
        if let Some(outbound) = &trunk.outbound {
            uri("outbound", outbound)?;
        }
        if let Some(register) = &trunk.register {
            check_uri(&register.aor).map_err(|message| fault("register.aor", message))?;
            uri("register.registrar", &register.registrar)?;
        }
        let from_domain = trunk.from_domain.as_ref().map(|text| {
            let wrong = |_| format!("「{text}」はドメイン名でもアドレスでもありません");
            let host = text.parse::<Host>().map_err(wrong);
            host.map_err(|message| fault("from_domain", message))
        });
        let from_domain = from_domain.transpose()?;
        if let Some(port) = trunk.source_port
            && !self.hears_datagrams_on(port)
        {
            let message = format!(
                "{port}番のポートは sip.listen にありません。udp://0.0.0.0:{port} を加えてください"
            );
            return Err(fault("source_port", message));
        }
        Ok(Trunk {
            name: trunk.name.clone(),
            sources: trunk
                .sources
                .iter()
                .map(|source| TrunkSource {
                    net: source.net,
                    port: source.port,
                })
                .collect(),
            inbound_auth: trunk
                .inbound_user
                .as_ref()
                .zip(inbound)
                .map(|(user, password)| TrunkAuth {
                    user: user.clone(),
                    secrets: Ha1::all(user, &self.sip.realm, &password),
                }),
            outbound: trunk.outbound.clone(),
            credentials: trunk
                .user
                .clone()
                .zip(password)
                .map(|(user, password)| Credentials { user, password }),
            register: trunk.register.as_ref().map(|register| TrunkRegistration {
                aor: register.aor.clone(),
                registrar: register.registrar.clone(),
                expires_secs: register.expires_s,
            }),
            max_outbound: trunk.max_outbound,
            dialled_from: trunk.dialled_from.clone(),
            trust_asserted_identity: trunk.trust_asserted_identity,
            from_user: trunk.from_user.clone(),
            from_domain,
            identity_header: trunk.identity_header,
            privacy: trunk.privacy,
            dial_prefix: trunk.dial_prefix.clone(),
            source_port: trunk.source_port,
            symmetric_rtp: trunk.symmetric_rtp,
            encryption: encryption(trunk.srtp),
            tls: tls::of_trunk(trunk).map_err(|message| fault("tls", message))?,
        })
    }
}

impl Config {
    /// Whether SIP is heard on a UDP port.
    fn hears_datagrams_on(&self, port: u16) -> bool {
        let listen = self
            .sip
            .listen
            .iter()
            .filter_map(|text| read_listen(text).ok());
        listen
            .filter(|listen| listen.transport == Transport::Udp)
            .any(|listen| listen.addr.port() == port)
    }
}

/// What a phone that was made on a screen proves itself with: nothing, if it was made for another
/// extension or another realm.
fn kept_secrets(hashes: &PhoneHashes, agent: &AgentConfig, realm: &str) -> Vec<Ha1> {
    if hashes.extension != agent.extension || hashes.realm != realm {
        return Vec::new();
    }
    let ha1 = |algorithm, hex: &String| Ha1 {
        algorithm,
        hex: hex.clone(),
    };
    vec![
        ha1(Algorithm::Sha256, &hashes.sha256),
        ha1(Algorithm::Md5, &hashes.md5),
    ]
}

fn secs(secs: u32) -> Millis {
    Millis::from_secs(i64::from(secs))
}

/// A time of day; "24:00" is midnight at the end of the day.
fn time(key: &str, text: &str) -> Result<Option<NaiveTime>, ConfigError> {
    if text == "24:00" {
        return Ok(None);
    }
    let read = NaiveTime::parse_from_str(text, "%H:%M");
    let read = read.or_else(|_| NaiveTime::parse_from_str(text, "%H:%M:%S"));
    read.map(Some).map_err(|_| {
        ConfigError::value(
            key,
            format!("「{text}」は時刻ではありません。08:00 のように書いてください"),
        )
    })
}

fn read_override(entry: &OverrideConfig) -> Result<Override, ConfigError> {
    let key = format!("reception.override {}", entry.date);
    let time = |text: &Option<String>| text.as_ref().map(|text| time(&key, text)).transpose();
    match (entry.closed, time(&entry.opens)?, time(&entry.closes)?) {
        (true, None, None) => Ok(Override::Closed),
        (false, Some(opens), Some(closes)) => Ok(Override::Open {
            opens: opens.unwrap_or(NaiveTime::MIN),
            closes,
        }),
        (false, None, Some(closes)) => Ok(Override::Until(closes)),
        _ => Err(ConfigError::value(
            key,
            "closed = true、opens と closes、closes だけ、のどれかにしてください",
        )),
    }
}

/// 内閣府「国民の祝日」CSV: a date and a name a line, in UTF-8.
fn read_holidays(path: &Path) -> Result<BTreeMap<NaiveDate, String>, ConfigError> {
    let key = "reception.holidays_file";
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: path.to_owned(),
        source,
    })?;
    let mut holidays = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let Some((date, name)) = line.split_once(',') else {
            continue;
        };
        match NaiveDate::parse_from_str(date.trim().trim_start_matches('\u{feff}'), "%Y/%m/%d") {
            Ok(date) => {
                holidays.insert(date, name.trim().to_owned());
            }
            // The first line names the columns.
            Err(_) if number == 0 => {}
            Err(_) => {
                let message = format!("{}の{}行目の日付を読めません", path.display(), number + 1);
                return Err(ConfigError::value(key, message));
            }
        }
    }
    Ok(holidays)
}

pub(super) fn read_listen(text: &str) -> Result<Listen, ConfigError> {
    let wrong = || {
        let message = format!(
            "「{text}」は待受けアドレスではありません。udp://0.0.0.0:5060 のように書いてください"
        );
        ConfigError::value("sip.listen", message)
    };
    let (scheme, addr) = text.split_once("://").ok_or_else(wrong)?;
    let transport = match scheme {
        "udp" => Transport::Udp,
        "tcp" => Transport::Tcp,
        "tls" => Transport::Tls,
        _ => return Err(wrong()),
    };
    let addr: SocketAddr = addr.parse().map_err(|_| wrong())?;
    Ok(Listen { transport, addr })
}

fn read_algorithms(names: &[String]) -> Result<Vec<Algorithm>, ConfigError> {
    let read = |name: &String| {
        Algorithm::ALL
            .into_iter()
            .find(|known| known.name() == name)
            .ok_or_else(|| {
                let message = format!("「{name}」は SHA-256、MD5 のどちらでもありません");
                ConfigError::value("sip.digest_algorithms", message)
            })
    };
    if names.is_empty() {
        return Err(ConfigError::value(
            "sip.digest_algorithms",
            "1つ以上書いてください",
        ));
    }
    names.iter().map(read).collect()
}

fn check_uri(text: &str) -> Result<(), String> {
    let wrong = |_| format!("「{text}」は SIP URI ではありません");
    text.parse::<Uri>().map(|_| ()).map_err(wrong)
}

/// Refuses addresses that calls cannot be sent to.
fn check_reachable(text: &str) -> Result<(), String> {
    let Ok(uri) = text.parse::<Uri>() else {
        return Ok(());
    };
    let transport = uri.params.get("transport").unwrap_or("udp");
    let is_one_of = |known: &[&str]| {
        let mut known = known.iter();
        known.any(|known| transport.eq_ignore_ascii_case(known))
    };
    // A sips: URI with transport=tcp means TLS over TCP (RFC 3261 26.2.2).
    let reachable = match uri.scheme {
        Scheme::Sip => is_one_of(&["udp", "tcp", "tls"]),
        Scheme::Sips => uri.params.get("transport").is_none() || is_one_of(&["tcp", "tls"]),
        _ => false,
    };
    if reachable {
        return Ok(());
    }
    Err(format!(
        "「{text}」には送れません。sip: か sips: で始まる、transport が udp、tcp、tls のアドレスを書いてください"
    ))
}
