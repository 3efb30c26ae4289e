//! The settings of a desk for tests: one line, one agent with a phone, one carrier, and what else may be added.

use std::net::SocketAddr;

use madoguchi_core::hours::{Calendar, HoursSettings};
use madoguchi_core::outbound::{OutboundRule, OutboundRules};
use madoguchi_core::time::Millis;
use madoguchi_endpoint::media::Sounds;
use madoguchi_endpoint::settings::{
    Credentials, EndpointSettings, FeatureCodes, LineNumbers, Listen, Phone, Transport, Trunk,
    TrunkRegistration, TrunkSource,
};
use madoguchi_endpoint::switch::SwitchInput;
use madoguchi_line::engine::EngineSettings;
use madoguchi_line::settings::{
    AgentSettings, AtClosing, Duty, LineSettings, PeriodicAnnouncement, Strategy,
};
use madoguchi_sip::digest::{Algorithm, Ha1};
use madoguchi_sip::sdp::Encryption;

/// Where the desk hears SIP.
pub(crate) const DESK: &str = "127.0.0.1:5060";
pub(crate) const REALM: &str = "desk.example";

pub(crate) fn line(name: &str) -> LineSettings {
    LineSettings {
        name: name.into(),
        calendar: None,
        greeting: false,
        strategy: Strategy::LongestIdle,
        ring_timeout: Millis::from_secs(20),
        away_after_no_answers: 0,
        max_waiting: 0,
        max_wait: Millis::ZERO,
        announce_every: Millis::ZERO,
        announce: PeriodicAnnouncement::Position,
        wait_without_agents: true,
        at_closing: AtClosing::Tell,
        wrap_up: Millis::ZERO,
        priority: 0,
    }
}

pub(crate) fn numbers(line: &str, number: &str) -> LineNumbers {
    LineNumbers {
        line: line.into(),
        numbers: vec![number.to_owned()],
        shown: None,
        trunk: None,
    }
}

/// An agent with a phone of this extension and password.
pub(crate) fn phone(agent: &str, extension: &str, password: &str) -> Phone {
    Phone {
        agent: agent.into(),
        extension: extension.to_owned(),
        secrets: Ha1::all(extension, REALM, password),
        fixed_contacts: Vec::new(),
        line: None,
    }
}

pub(crate) fn agent(name: &str, extension: &str) -> AgentSettings {
    AgentSettings {
        agent: name.into(),
        name: name.to_owned(),
        extension: extension.to_owned(),
        lines: vec![Duty {
            line: "desk".into(),
            level: madoguchi_core::setup::Level::First,
        }],
    }
}

/// A trunk that is known by its address, takes outbound calls there, and registers nowhere.
pub(crate) fn trunk(name: &str, at: &str) -> Trunk {
    let at: SocketAddr = at.parse().unwrap();
    Trunk {
        sources: vec![TrunkSource {
            net: at.ip().into(),
            port: Some(at.port()),
        }],
        outbound: Some(format!("sip:{at}")),
        ..Trunk::new(name)
    }
}

/// A trunk that registers `user` at its address.
pub(crate) fn registering(name: &str, at: &str, user: &str) -> Trunk {
    Trunk {
        credentials: Some(Credentials {
            user: user.to_owned(),
            password: format!("secret-{user}"),
        }),
        register: Some(TrunkRegistration {
            aor: format!("sip:{user}@carrier.example"),
            registrar: format!("sip:{at}"),
            expires_secs: 600,
        }),
        ..trunk(name, at)
    }
}

/// All settings of a desk.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) endpoint: EndpointSettings,
    pub(crate) engine: EngineSettings,
    pub(crate) sounds: Sounds,
}

impl Settings {
    /// One line, 5000; one agent, "a", with the phone 201; a carrier at 127.0.0.1:6001.
    pub(crate) fn new() -> Self {
        let endpoint = EndpointSettings {
            certificate: None,
            listen: vec![Listen {
                transport: Transport::Udp,
                addr: DESK.parse().unwrap(),
            }],
            dscp: 0,
            public_address: None,
            realm: REALM.to_owned(),
            digest_algorithms: vec![Algorithm::Sha256],
            nonce_secret: [1; 32],
            max_expires_secs: 3_600,
            min_expires_secs: 60,
            session_expires_secs: 0,
            min_se_secs: 90,
            keep_alive: Millis::ZERO,
            dial_timeout: Millis::from_secs(60),
            unknown_requests_per_minute: 20,
            tcp_connections: 100,
            lines: vec![numbers("desk", "5000")],
            phones: vec![phone("a", "201", "secret")],
            trunks: vec![trunk("carrier", "127.0.0.1:6001")],
            phones_symmetric_rtp: false,
            phones_encryption: Encryption::Optional,
            keys_in_clear: false,
            feature_codes: FeatureCodes {
                pick_up: "*8".into(),
                park: "*7".into(),
                ready: "*1".to_owned(),
                away: "*2".to_owned(),
                log_out: "*3".to_owned(),
            },
        };
        let engine = EngineSettings {
            node: "node".into(),
            lines: vec![line("desk")],
            agents: vec![agent("a", "201")],
            calendar: Calendar::new(HoursSettings::default()),
            // Who may call the outside is the matter of tests of its own (`outbound`).
            outbound: OutboundRules {
                usual: OutboundRule {
                    when_logged_out: true,
                    ..OutboundRule::default()
                },
                ..OutboundRules::default()
            },
        };
        Self {
            endpoint,
            engine,
            sounds: Sounds::default(),
        }
    }

    pub(crate) fn reconfigure(&self) -> SwitchInput {
        SwitchInput::Reconfigure {
            settings: Box::new(self.endpoint.clone()),
            engine: Box::new(self.engine.clone()),
            sounds: self.sounds.clone(),
        }
    }
}
