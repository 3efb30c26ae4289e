//! 外線 on screens. Passwords are kept sealed, and never shown again.

use madoguchi_core::audit::Action;
use madoguchi_core::setup::{
    Fault, LINE, LineConfig, Part, RegisterConfig, ScreenTrunk, Sealed, TRUNK, TRUNK_NAME_LETTERS,
    TrunkConfig, TrunkSourceConfig, register_expires_s,
};

use super::form::{Field, Section, Values};
use super::keep::{Change, Kept};
use super::list::Row;
use super::{Around, Facts, Read, Thing};
use crate::Web;
use crate::auth::visitor::Visitor;
use crate::error::WebError;

/// The longest password, address or user name.
const LETTERS_AT_MOST: usize = 200;

impl Thing for ScreenTrunk {
    const KIND: &'static str = TRUNK;
    const ACTION: Action = Action::TrunkChange;
    const PART: Option<Part> = Some(Part::Trunk);
    const LABEL: &'static str = "外線";
    const NOT_FOUND: &'static str = "この外線";
    const ABOUT: &'static str = "電話会社や、ほかの交換機とのつながりです。";
    const LIST: &'static str = "/admin/desk/trunks";
    const PLACE: &'static str = "/admin/desk/trunk";
    const COLUMNS: &'static [&'static str] = &["名前", "着信を認める相手", "発信の送り先", "登録"];
    const ID_FIELD: &'static str = "name";

    fn rows(around: &Around<'_>) -> Vec<Row> {
        let trunks = around.setup.trunks.iter();
        trunks
            .map(|trunk| {
                let trunk_is = &trunk.thing;
                let registers = if trunk_is.register.is_some() {
                    "する"
                } else {
                    "しない"
                };
                Row {
                    id: trunk_is.name.clone(),
                    cells: vec![
                        trunk_is.name.clone(),
                        inbound(trunk_is),
                        trunk_is
                            .outbound
                            .clone()
                            .unwrap_or_else(|| "なし".to_owned()),
                        registers.to_owned(),
                    ],
                    by_file: trunk.by_file,
                }
            })
            .collect()
    }

    fn of_file(around: &Around<'_>, id: &str) -> Option<(String, Facts)> {
        let trunk = around.setup.trunk(id).filter(|trunk| trunk.by_file)?;
        Some((trunk.thing.name.clone(), facts(&trunk.thing)))
    }

    fn new_id(&self) -> String {
        self.trunk.name.clone()
    }

    fn title(&self) -> String {
        self.trunk.name.clone()
    }

    fn facts(&self, around: &Around<'_>) -> Facts {
        let set = |secret: &Option<Sealed>| {
            let at = secret.as_ref().map(|secret| secret.at);
            at.map_or_else(String::new, |at| around.web.settings.dates.minute(at))
        };
        let mut facts = facts(&self.trunk);
        facts.push(("着信のパスワードの設定", set(&self.inbound_password)));
        facts.push(("発信のパスワードの設定", set(&self.password)));
        facts
    }

    fn notes(&self, around: &Around<'_>) -> Vec<String> {
        let opens = |secret: &Sealed| around.web.seal.open(&secret.sealed).is_some();
        let mut secrets = self.password.iter().chain(&self.inbound_password);
        if secrets.all(opens) {
            return Vec::new();
        }
        let note = "保存したパスワードを読めません。鍵のファイル(web.key_file)が変わっています。\
             鍵を元に戻すか、パスワードを入力し直してください。";
        vec![note.to_owned()]
    }

    fn blank(_: &Around<'_>) -> Values {
        let mut values = Values::default();
        values.set("register.expires_s", register_expires_s().to_string());
        values.set("max_outbound", "0");
        values
    }

    fn values(&self) -> Values {
        let trunk = &self.trunk;
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let mut values = Values::default();
        values.set("name", &trunk.name);
        values.set("sources", sources(trunk).join("\n"));
        values.set("inbound_user", text(&trunk.inbound_user));
        values.set("outbound", text(&trunk.outbound));
        values.set("user", text(&trunk.user));
        values.set("max_outbound", trunk.max_outbound.to_string());
        values.tick("symmetric_rtp", trunk.symmetric_rtp);
        let expires_s = match &trunk.register {
            Some(register) => {
                values.set("register.aor", &register.aor);
                values.set("register.registrar", &register.registrar);
                register.expires_s
            }
            None => register_expires_s(),
        };
        values.set("register.expires_s", expires_s.to_string());
        values
    }

    fn sections(values: &Values, around: &Around<'_>, of: Option<(&str, &Self)>) -> Vec<Section> {
        let kept = |secret: fn(&Self) -> &Option<Sealed>| {
            let at = of.and_then(|(_, trunk)| secret(trunk).as_ref());
            at.map_or_else(String::new, |secret| {
                let at = around.web.settings.dates.minute(secret.at);
                format!("{at}に設定しました。変えるときだけ入力してください。")
            })
        };
        vec![
            Section::new(
                "名前",
                vec![match of {
                    Some((name, _)) => Field::fixed("name", "名前", name),
                    None => Field::text(values, "name", "名前").required().hint(format!(
                        "登録した後は変えられません。{TRUNK_NAME_LETTERS}文字以内"
                    )),
                }],
            ),
            Section::new(
                "着信",
                vec![
                    Field::area(values, "sources", "着信を認めるアドレス(省略可)").hint(
                        "1行に1つ。198.51.100.0/28 のような範囲も書けます。空白に続けてポート番号を書くと、\
                         そのポートからだけ認めます。",
                    ),
                    Field::text(values, "inbound_user", "着信を認める利用者名(省略可)")
                        .hint("アドレスの代わりに(または加えて)、利用者名とパスワードで認めます。"),
                    Field::secret(values, "inbound_password", "その利用者のパスワード")
                        .hint(kept(|trunk| &trunk.inbound_password)),
                ],
            ),
            Section::new(
                "発信",
                vec![
                    Field::text(values, "outbound", "発信の送り先(省略可)").hint(
                        "SIP URI。sip:198.51.100.1:5060;transport=udp のように入力します。",
                    ),
                    Field::text(values, "user", "電話会社が求める利用者名(省略可)"),
                    Field::secret(values, "password", "電話会社が求めるパスワード")
                        .hint(kept(|trunk| &trunk.password)),
                    Field::number(values, "max_outbound", "同時に発信できる数", "件")
                        .required()
                        .hint("0で、制限しません。"),
                ],
            ),
            Section::new(
                "登録",
                vec![
                    Field::text(values, "register.aor", "登録するアドレス(省略可)").hint(
                        "電話会社に登録して着信を受けるときの SIP URI。\
                         sip:0312345678@carrier.example のように入力します。",
                    ),
                    Field::text(values, "register.registrar", "登録先(省略可)")
                        .hint("sip:carrier.example のように入力します。"),
                    Field::number(values, "register.expires_s", "登録の有効期間", "秒").required(),
                ],
            ),
            Section::new(
                "音声",
                vec![
                    Field::check(
                        values,
                        "symmetric_rtp",
                        "相手が知らせたのと違うアドレスからの音声も認める",
                    )
                    .hint(
                        "相手が NAT(アドレス変換)の内側にあるときに選びます。通話の始めに、信号と同じ                         アドレスなどから正しい音声が続けて届いたときだけ、その送り元とやり取りします。",
                    ),
                ],
            ),
        ]
    }

    fn read(
        values: &Values,
        around: &Around<'_>,
        of: Option<(&str, &Self)>,
    ) -> Result<Read<Self>, Vec<Fault>> {
        let mut faults = Vec::new();
        let name = of.map_or_else(|| values.get("name"), |(name, _)| name);
        let trunk = TrunkConfig {
            sources: read_sources(values, &mut faults),
            inbound_user: values.given("inbound_user"),
            outbound: values.given("outbound"),
            user: values.given("user"),
            register: read_register(values, &mut faults),
            max_outbound: values.number("max_outbound", &mut faults),
            symmetric_rtp: values.ticked("symmetric_rtp"),
            ..TrunkConfig::new(name)
        };
        if trunk.sources.is_empty() && trunk.inbound_user.is_none() && trunk.outbound.is_none() {
            let message = "着信を認めるアドレス、着信を認める利用者名、発信の送り先のどれかを入力してください";
            faults.push(Fault::new("sources", message));
        } else {
            faults.extend(trunk.faults());
        }
        faults.extend(trunk.entered_faults());
        let before = of.map(|(_, before)| before);
        let mut secret = |name, user: &Option<String>, last: Option<&Option<Sealed>>| {
            let last = last.and_then(Option::as_ref);
            read_secret(values, name, user.is_some(), last, around, &mut faults)
        };
        let read = Self {
            inbound_password: secret(
                "inbound_password",
                &trunk.inbound_user,
                before.map(|before| &before.inbound_password),
            ),
            password: secret(
                "password",
                &trunk.user,
                before.map(|before| &before.password),
            ),
            trunk,
        };
        if faults.is_empty() {
            Ok((read, None))
        } else {
            Err(faults)
        }
    }

    fn restored(self, last: Option<&Self>, _: &Around<'_>) -> Read<Self> {
        let last = last.cloned().unwrap_or_else(|| self.clone());
        let restored = Self {
            password: last.password.filter(|_| self.trunk.user.is_some()),
            inbound_password: last
                .inbound_password
                .filter(|_| self.trunk.inbound_user.is_some()),
            trunk: self.trunk,
        };
        (restored, None)
    }

    fn consequences(&self, id: &str, around: &Around<'_>) -> Vec<String> {
        let mut told = vec!["この外線からの新しい着信は、受けられなくなります。".to_owned()];
        if self.trunk.register.is_some() {
            told.push("電話会社への登録を取り消します。".to_owned());
        }
        let names = |line: &&madoguchi_core::setup::Made<LineConfig>| {
            line.thing.trunk.as_deref() == Some(id)
        };
        let lines = around.setup.lines.iter().filter(names);
        let lines: Vec<_> = lines.map(|line| line.thing.name.as_str()).collect();
        if !lines.is_empty() {
            told.push(format!(
                "次の回線の発信には、最初の外線を使うようになります: {}",
                lines.join("、")
            ));
        }
        let others = around.setup.trunks.iter();
        let mut others = others.filter(|other| other.thing.name != id);
        if self.trunk.outbound.is_some() && !others.any(|other| other.thing.outbound.is_some()) {
            told.push("外へ発信できる外線がなくなります。".to_owned());
        }
        told.push("今の通話は、終わるまで続きます。".to_owned());
        told
    }

    /// Lines do not name a trunk that is not there.
    async fn changes_with_removal(
        web: &Web,
        visitor: &Visitor,
        id: &str,
    ) -> Result<Vec<Change>, WebError> {
        let around = Around::of(web);
        let mut changes = Vec::new();
        for setting in web.store.list_settings(LINE).await? {
            let kept = Kept::<LineConfig>::get(web, &setting.id).await?;
            let names = |line: &&LineConfig| line.trunk.as_deref() == Some(id);
            let Some(line) = kept.thing.as_ref().filter(names) else {
                continue;
            };
            let after = LineConfig {
                trunk: None,
                ..line.clone()
            };
            changes.push(kept.change(visitor, &around, Some(&after), kept.version)?);
        }
        Ok(changes)
    }
}

/// The password that was typed, sealed; else the one that is kept; none without a user.
fn read_secret(
    values: &Values,
    name: &'static str,
    has_user: bool,
    last: Option<&Sealed>,
    around: &Around<'_>,
    faults: &mut Vec<Fault>,
) -> Option<Sealed> {
    let typed = values.get(name);
    if !has_user {
        if !typed.is_empty() {
            faults.push(Fault::new(name, "利用者名も入力してください"));
        }
        return None;
    }
    if typed.is_empty() {
        if last.is_none() {
            faults.push(Fault::new(name, "入力してください"));
        }
        return last.cloned();
    }
    if typed.chars().count() > LETTERS_AT_MOST {
        let message = format!("{LETTERS_AT_MOST}文字以内で入力してください");
        faults.push(Fault::new(name, message));
        return None;
    }
    let sealed = around.web.seal.seal(typed.as_bytes());
    if sealed.is_none() {
        faults.push(Fault::new(name, "パスワードを保存できません"));
    }
    let at = around.web.desk.now();
    sealed.map(|sealed| Sealed { sealed, at })
}

/// One a line: a network or an address, and a port after a blank.
fn read_sources(values: &Values, faults: &mut Vec<Fault>) -> Vec<TrunkSourceConfig> {
    let mut sources = Vec::new();
    for line in values.lines("sources") {
        match read_source(&line) {
            Some(source) => sources.push(source),
            None => {
                let message = format!(
                    "「{line}」を読めません。198.51.100.0/28 か、198.51.100.1 5060 のように入力してください"
                );
                faults.push(Fault::new("sources", message));
            }
        }
    }
    sources
}

fn read_source(line: &str) -> Option<TrunkSourceConfig> {
    let mut words = line.split_whitespace();
    let net = words.next()?;
    let host = |address: std::net::IpAddr| address.into();
    let net = net.parse().or_else(|_| net.parse().map(host)).ok()?;
    let port = words.next().map(str::parse).transpose().ok()?;
    words
        .next()
        .is_none()
        .then_some(TrunkSourceConfig { net, port })
}

fn read_register(values: &Values, faults: &mut Vec<Fault>) -> Option<RegisterConfig> {
    let expires_s = values.number("register.expires_s", faults);
    match (
        values.given("register.aor"),
        values.given("register.registrar"),
    ) {
        (None, None) => None,
        (Some(aor), Some(registrar)) => Some(RegisterConfig {
            aor,
            registrar,
            expires_s,
        }),
        (Some(_), None) => {
            faults.push(Fault::new("register.registrar", "登録先も入力してください"));
            None
        }
        (None, Some(_)) => {
            let message = "登録するアドレスも入力してください";
            faults.push(Fault::new("register.aor", message));
            None
        }
    }
}

fn sources(trunk: &TrunkConfig) -> Vec<String> {
    let source = |source: &TrunkSourceConfig| match source.port {
        Some(port) => format!("{} {port}", source.net),
        None => source.net.to_string(),
    };
    trunk.sources.iter().map(source).collect()
}

/// By what the far end is recognised.
fn inbound(trunk: &TrunkConfig) -> String {
    let mut all = sources(trunk);
    all.extend(
        trunk
            .inbound_user
            .iter()
            .map(|user| format!("利用者 {user}")),
    );
    if all.is_empty() {
        "なし".to_owned()
    } else {
        all.join("、")
    }
}

fn facts(trunk: &TrunkConfig) -> Facts {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let register = trunk.register.as_ref().map(|register| {
        let (aor, registrar) = (&register.aor, &register.registrar);
        format!("{aor} を {registrar} に{}秒ごと", register.expires_s)
    });
    let most = match trunk.max_outbound {
        0 => "制限しない".to_owned(),
        most => format!("{most}件"),
    };
    vec![
        ("着信を認めるアドレス", sources(trunk).join("、")),
        ("着信を認める利用者名", text(&trunk.inbound_user)),
        ("発信の送り先", text(&trunk.outbound)),
        ("電話会社が求める利用者名", text(&trunk.user)),
        ("同時に発信できる数", most),
        (
            "音声",
            if trunk.symmetric_rtp {
                "知らせたのと違うアドレスからも認める"
            } else {
                "知らせたアドレスとだけやり取りする"
            }
            .to_owned(),
        ),
        ("登録", register.unwrap_or_default()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_networks_or_addresses_with_or_without_a_port() {
        let read = |line| read_source(line).map(|source| (source.net.to_string(), source.port));
        let some = |net: &str, port| Some((net.to_owned(), port));
        assert_eq!(read("198.51.100.0/28"), some("198.51.100.0/28", None));
        assert_eq!(
            read("198.51.100.1 5060"),
            some("198.51.100.1/32", Some(5060))
        );
        assert_eq!(read("2001:db8::1"), some("2001:db8::1/128", None));
        for wrong in [
            "",
            "carrier",
            "198.51.100.1 x",
            "198.51.100.1 5060 x",
            "1.2.3.4/33",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
