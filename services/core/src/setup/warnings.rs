//! Settings of trunks that can be read but contradict each other, or with which calls most often
//! fail. They are told, not refused: an unusual carrier may want just that.

use super::dialled::DialledSource;
use super::fault::{FieldError, Part, PartFault};
use super::outbound_identity::{IdentityHeader, OutboundPrivacy};
use super::parts::Parts;
use super::trunks::{TrunkConfig, TrunkSourceConfig, VoiceEncryption};

impl TrunkConfig {
    /// What is doubtful about the trunk by itself.
    pub fn warnings(&self) -> Vec<FieldError> {
        let found = [
            self.nobody_may_call(),
            self.nothing_to_prove_itself(),
            self.half_a_login(),
            self.dialled_number_unknown(),
            self.shown_and_hidden(),
            self.hidden_from_the_carrier(),
            self.outbound_settings_without_outbound(),
            self.port_of_a_stream(),
            self.certificates_of_nobody(),
            self.keys_in_clear_text(),
        ];
        found.into_iter().flatten().collect()
    }

    fn nobody_may_call(&self) -> Option<FieldError> {
        let register = self.register.as_ref()?;
        // Whoever has proven itself when we registered is known on that connection.
        if self.inbound_user.is_some() || is_encrypted(&register.registrar) {
            return None;
        }
        if self.sources.is_empty() {
            let message = "登録をしても、着信を認める相手がないので、着信を断ります。\
                 電話会社のサーバーのアドレスを書いてください";
            return Some(FieldError::new("sources", message));
        }
        let host = host_of(&register.registrar);
        let address: std::net::IpAddr = host.parse().ok()?;
        let known = self
            .sources
            .iter()
            .any(|source| source.net.contains(&address));
        (!known).then(|| {
            let message =
                format!("登録先 {address} からの着信を断ります。{address} も書いてください");
            FieldError::new("sources", message)
        })
    }

    /// Keys are told only where the signalling is encrypted.
    fn keys_in_clear_text(&self) -> Option<FieldError> {
        let outbound = self.outbound.as_deref().is_some_and(is_encrypted);
        let registers = self.register.as_ref();
        let registrar = registers.is_some_and(|register| is_encrypted(&register.registrar));
        let asks = self.srtp != VoiceEncryption::Off;
        (asks && !outbound && !registrar && self.tls.is_none()).then(|| {
            let message = "音声の暗号化の鍵は、信号を暗号化する外線(TLS)でだけ送ります。\
                 TLS でなければ、optional では暗号化せず、required では通話できません";
            FieldError::new("srtp", message)
        })
    }

    fn nothing_to_prove_itself(&self) -> Option<FieldError> {
        let lacks = self.register.is_some() && self.user.is_none();
        lacks.then(|| {
            let message =
                "登録先が認証を求めると、登録できません。利用者名とパスワードを書いてください";
            FieldError::new("user", message)
        })
    }

    fn half_a_login(&self) -> Option<FieldError> {
        let password = self.password.is_some() || self.password_env.is_some();
        let inbound = self.inbound_password.is_some() || self.inbound_password_env.is_some();
        let half = |user: bool, password: bool, fields: [&str; 2]| {
            let [user_field, password_field] = fields;
            match (user, password) {
                (true, false) => Some(FieldError::new(
                    password_field,
                    format!("{user_field} だけでは使われません。パスワードも書いてください"),
                )),
                (false, true) => Some(FieldError::new(
                    user_field,
                    format!("{password_field} だけでは使われません。利用者名も書いてください"),
                )),
                _ => None,
            }
        };
        half(self.user.is_some(), password, ["user", "password"]).or_else(|| {
            let fields = ["inbound_user", "inbound_password"];
            half(self.inbound_user.is_some(), inbound, fields)
        })
    }

    fn dialled_number_unknown(&self) -> Option<FieldError> {
        let only = self
            .dialled_from
            .iter()
            .all(|source| *source == DialledSource::RequestUri);
        (self.register.is_some() && only).then(|| {
            let message = "登録した外線への着信では、Request-URI はこちらの連絡先で、かけた番号では\
                 ありません。p-called-party-id か to を加えてください";
            FieldError::new("dialled_from", message)
        })
    }

    fn shown_and_hidden(&self) -> Option<FieldError> {
        let (shows, hides) = (
            self.dial_prefix.starts_with("186"),
            self.dial_prefix.starts_with("184"),
        );
        let contradicts = match self.privacy {
            OutboundPrivacy::Id => shows,
            OutboundPrivacy::None => hides,
            OutboundPrivacy::Off => false,
        };
        contradicts.then(|| {
            let message = "dial_prefix と privacy の、通知と非通知の指定が両立しません。どちらかを外してください";
            FieldError::new("dial_prefix", message)
        })
    }

    fn hidden_from_the_carrier(&self) -> Option<FieldError> {
        let hidden =
            self.privacy == OutboundPrivacy::Id && self.identity_header == IdentityHeader::None;
        hidden.then(|| {
            let message = "privacy = \"id\" では From が匿名になり、電話会社にも番号が伝わりません。\
                 p-asserted-identity か p-preferred-identity にしてください";
            FieldError::new("identity_header", message)
        })
    }

    fn outbound_settings_without_outbound(&self) -> Option<FieldError> {
        if self.outbound.is_some() {
            return None;
        }
        let set = [
            ("from_user", self.from_user.is_some()),
            ("from_domain", self.from_domain.is_some()),
            (
                "identity_header",
                self.identity_header != IdentityHeader::None,
            ),
            ("privacy", self.privacy != OutboundPrivacy::Off),
            ("dial_prefix", !self.dial_prefix.is_empty()),
            ("max_outbound", self.max_outbound > 0),
        ];
        let (name, _) = set.into_iter().find(|(_, set)| *set)?;
        let message = format!("発信の送り先(outbound)がないので、{name} は使われません");
        Some(FieldError::new(name, message))
    }

    fn port_of_a_stream(&self) -> Option<FieldError> {
        let registrar = self.register.as_ref().map(|register| &register.registrar);
        let mut uris = self.outbound.iter().chain(registrar);
        let streams =
            uris.any(|uri| uri.to_ascii_lowercase().contains("transport=tcp") || is_encrypted(uri));
        (self.source_port.is_some() && streams).then(|| {
            let message = "TCP と TLS の接続では、送信元のポートは毎回変わります。transport=udp にするか、source_port を外してください";
            FieldError::new("source_port", message)
        })
    }

    fn certificates_of_nobody(&self) -> Option<FieldError> {
        let tls = self.tls.as_ref()?;
        let registrar = self.register.as_ref().map(|register| &register.registrar);
        let mut uris = self.outbound.iter().chain(registrar);
        let used = tls.require_certificate || uris.any(|uri| is_encrypted(uri));
        (!used).then(|| {
            let message = "暗号化しない外線なので、tls は使われません。outbound を sips: で始めるか、tls を外してください";
            FieldError::new("tls", message)
        })
    }
}

/// Whether an address is spoken to by TLS.
fn is_encrypted(uri: &str) -> bool {
    let uri = uri.to_ascii_lowercase();
    uri.starts_with("sips:") || uri.contains("transport=tls")
}

impl Parts<'_> {
    /// What is doubtful about the trunks, and about lines that use them.
    pub fn warnings(&self) -> Vec<PartFault> {
        let mut warnings = Vec::new();
        for (n, trunk) in self.trunks.iter().enumerate() {
            let own = trunk.warnings().into_iter();
            warnings.extend(own.map(|fault| PartFault::new(Part::Trunk, &trunk.name, fault)));
            let before = self.trunks.iter().take(n);
            let shared = before.filter(|other| share_a_source(other, trunk)).map(|other| {
                let name = &other.name;
                let message = format!(
                    "外線「{name}」と同じアドレスがあります。そこからの着信は、先の「{name}」のものとして扱います"
                );
                PartFault::new(Part::Trunk, &trunk.name, FieldError::new("sources", message))
            });
            warnings.extend(shared);
        }
        for line in self.lines {
            let trunk = self
                .trunks
                .iter()
                .find(|trunk| line.trunk.as_ref() == Some(&trunk.name));
            if trunk.is_some_and(|trunk| trunk.outbound.is_none()) {
                let message =
                    "この外線には発信の送り先(outbound)がないので、この回線では発信できません";
                let fault = FieldError::new("trunk", message);
                warnings.push(PartFault::new(Part::Line, &line.name, fault));
            }
        }
        warnings
    }
}

fn share_a_source(one: &TrunkConfig, other: &TrunkConfig) -> bool {
    let overlap = |a: &TrunkSourceConfig, b: &TrunkSourceConfig| {
        let nets = a.net.contains(&b.net) || b.net.contains(&a.net);
        let ports = a.port.is_none() || b.port.is_none() || a.port == b.port;
        nets && ports
    };
    let mut sources = one.sources.iter();
    sources.any(|a| other.sources.iter().any(|b| overlap(a, b)))
}

/// The host of a SIP URI, as far as a warning needs it.
fn host_of(uri: &str) -> &str {
    let rest = uri.split_once(':').map_or(uri, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    if let Some(rest) = rest.strip_prefix('[') {
        return rest.split(']').next().unwrap_or(rest);
    }
    rest.split([':', ';', '?']).next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::super::lines::LineConfig;
    use super::super::trunks::{RegisterConfig, TrunkTlsConfig};
    use super::*;

    fn sources(net: &str) -> Vec<TrunkSourceConfig> {
        vec![TrunkSourceConfig {
            net: net.parse().unwrap(),
            port: None,
        }]
    }

    /// A trunk that registers, as it should be.
    fn registering() -> TrunkConfig {
        TrunkConfig {
            sources: sources("192.0.2.1/32"),
            outbound: Some("sip:192.0.2.1".to_owned()),
            user: Some("0312345678".to_owned()),
            password: Some("secret".to_owned()),
            register: Some(RegisterConfig {
                aor: "sip:0312345678@carrier.example".to_owned(),
                registrar: "sip:192.0.2.1:5060".to_owned(),
                expires_s: 300,
            }),
            ..TrunkConfig::new("carrier")
        }
    }

    fn fields(trunk: &TrunkConfig) -> Vec<String> {
        let warnings = trunk.warnings().into_iter();
        warnings.map(|fault| fault.field).collect()
    }

    #[test]
    fn a_trunk_that_fits_together_is_not_warned_of() {
        assert_eq!(fields(&registering()), [""; 0]);
        let fixed = TrunkConfig {
            sources: sources("192.0.2.0/28"),
            ..TrunkConfig::new("fixed")
        };
        assert_eq!(fields(&fixed), [""; 0]);
    }

    #[test]
    fn settings_that_contradict_each_other_are_told_at_their_fields() {
        use DialledSource::{RequestUri, To};
        type Change = fn(&mut TrunkConfig);
        let changes: [(&str, Change); 14] = [
            ("sources", |trunk| trunk.sources.clear()),
            ("sources", |trunk| {
                trunk.sources = sources("198.51.100.0/24")
            }),
            ("user", |trunk| (trunk.user, trunk.password) = (None, None)),
            ("password", |trunk| trunk.password = None),
            ("inbound_user", |trunk| {
                trunk.inbound_password = Some("x".to_owned())
            }),
            ("dialled_from", |trunk| {
                trunk.dialled_from = vec![RequestUri]
            }),
            ("dial_prefix", |trunk| {
                trunk.privacy = OutboundPrivacy::None;
                trunk.dial_prefix = "184".to_owned();
            }),
            ("dial_prefix", |trunk| {
                trunk.privacy = OutboundPrivacy::Id;
                trunk.identity_header = IdentityHeader::PAssertedIdentity;
                trunk.dial_prefix = "186".to_owned();
            }),
            ("identity_header", |trunk| {
                trunk.privacy = OutboundPrivacy::Id
            }),
            ("from_domain", |trunk| {
                trunk.outbound = None;
                trunk.from_domain = Some("a.example".to_owned());
            }),
            ("max_outbound", |trunk| {
                (trunk.outbound, trunk.max_outbound) = (None, 3)
            }),
            ("source_port", |trunk| {
                trunk.outbound = Some("sip:192.0.2.1;transport=TCP".to_owned());
                trunk.source_port = Some(5060);
            }),
            ("source_port", |trunk| {
                trunk.outbound = Some("sips:192.0.2.1".to_owned());
                trunk.source_port = Some(5060);
            }),
            ("tls", |trunk| trunk.tls = Some(TrunkTlsConfig::default())),
        ];
        for (field, change) in changes {
            let mut trunk = registering();
            change(&mut trunk);
            assert_eq!(fields(&trunk), [field], "{trunk:?}");
        }
        let mut both = registering();
        both.dialled_from = vec![RequestUri, To];
        assert_eq!(fields(&both), [""; 0]);
    }

    #[test]
    fn trunks_that_cannot_be_told_apart_and_lines_without_a_way_out_are_told() {
        let deaf = TrunkConfig {
            sources: sources("192.0.2.0/24"),
            ..TrunkConfig::new("other")
        };
        let line = LineConfig {
            trunk: Some("other".to_owned()),
            ..LineConfig::new("総合", vec!["1".to_owned()])
        };
        let parts = Parts {
            lines: &[line],
            agents: &[],
            trunks: &[registering(), deaf],
            calendars: &[],
        };
        let told = parts.warnings().into_iter();
        let told: Vec<_> = told
            .map(|warning| (warning.name, warning.fault.field))
            .collect();
        let named = |name: &str, field: &str| (name.to_owned(), field.to_owned());
        assert_eq!(told, [named("other", "sources"), named("総合", "trunk")]);
    }

    #[test]
    fn hosts_of_addresses_are_found() {
        for (uri, host) in [
            ("sip:192.0.2.1", "192.0.2.1"),
            ("sip:a@192.0.2.1:5060;transport=udp", "192.0.2.1"),
            ("sip:[2001:db8::1]:5060", "2001:db8::1"),
            ("sip:carrier.example;lr", "carrier.example"),
        ] {
            assert_eq!(host_of(uri), host);
        }
    }
}
