//! 外線 on screens. Passwords are kept sealed, and never shown again.

mod reading;
mod showing;

use madoguchi_core::audit::Action;
use madoguchi_core::setup::{
    Fault, IdentityHeader, LINE, LineConfig, OutboundPrivacy, Part, ScreenTrunk, Sealed, TRUNK,
    TRUNK_NAME_LETTERS, TrunkConfig, register_expires_s,
};

use self::reading::{
    chosen, read_dialled_from, read_port, read_register, read_secret, read_sources,
};
use self::showing::{dialled_from, facts, identity_header, inbound, sources, trusts};
use super::form::{Field, Section, Values};
use super::keep::Kept;
use super::screen::{Change, Facts, Read, Row, SettingScreen, SetupContext};
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::state::Web;

impl SettingScreen for ScreenTrunk {
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

    fn rows(around: &SetupContext<'_>) -> Vec<Row> {
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

    fn of_file(around: &SetupContext<'_>, id: &str) -> Option<(String, Facts)> {
        let trunk = around.setup.trunk(id).filter(|trunk| trunk.by_file)?;
        Some((trunk.thing.name.clone(), facts(&trunk.thing)))
    }

    fn new_id(&self) -> String {
        self.trunk.name.clone()
    }

    fn title(&self) -> String {
        self.trunk.name.clone()
    }

    fn facts(&self, around: &SetupContext<'_>) -> Facts {
        let set = |secret: &Option<Sealed>| {
            let at = secret.as_ref().map(|secret| secret.at);
            at.map_or_else(String::new, |at| around.web.settings.dates.minute(at))
        };
        let mut facts = facts(&self.trunk);
        facts.push(("着信のパスワードの設定", set(&self.inbound_password)));
        facts.push(("発信のパスワードの設定", set(&self.password)));
        facts
    }

    fn notes(&self, around: &SetupContext<'_>) -> Vec<String> {
        // That there is a password is known, whatever it is.
        let given = |secret: &Option<Sealed>| secret.as_ref().map(|_| String::new());
        let trunk = TrunkConfig {
            password: given(&self.password),
            inbound_password: given(&self.inbound_password),
            ..self.trunk.clone()
        };
        let warnings = trunk.warnings().into_iter();
        let mut notes: Vec<_> = warnings
            .map(|warning| format!("設定を確かめてください。{}。", warning.message))
            .collect();
        let opens = |secret: &Sealed| around.web.seal.open(&secret.sealed).is_some();
        let mut secrets = self.password.iter().chain(&self.inbound_password);
        if secrets.all(opens) {
            return notes;
        }
        let note = "保存したパスワードを読めません。鍵のファイル(web.key_file)が変わっています。\
             鍵を元に戻すか、パスワードを入力し直してください。";
        notes.push(note.to_owned());
        notes
    }

    fn blank(_: &SetupContext<'_>) -> Values {
        let mut values = Values::default();
        values.set("register.expires_s", register_expires_s().to_string());
        values.set("max_outbound", "0");
        let fresh = TrunkConfig::new("");
        values.set("dialled_from", dialled_from(&fresh).join("\n"));
        values.set("trust_asserted_identity", trusts(&fresh));
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
        values.set("dialled_from", dialled_from(trunk).join("\n"));
        values.set("trust_asserted_identity", trusts(trunk));
        values.set("from_user", text(&trunk.from_user));
        values.set("from_domain", text(&trunk.from_domain));
        values.set("identity_header", trunk.identity_header.as_str());
        values.set("privacy", trunk.privacy.as_str());
        values.set("dial_prefix", &trunk.dial_prefix);
        let port = trunk.source_port.map(|port| port.to_string());
        values.set("source_port", port.unwrap_or_default());
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

    fn sections(
        values: &Values,
        around: &SetupContext<'_>,
        of: Option<(&str, &Self)>,
    ) -> Vec<Section> {
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
                    Field::area(values, "dialled_from", "かけた番号を読むところ").hint(
                        "1行に1つ。p-called-party-id、request-uri、to から選びます。\
                         上に書いたものを優先し、電話番号が書いてある最初のものに従います。\
                         空にすると、この順です。",
                    ),
                    Field::select(
                        values,
                        "trust_asserted_identity",
                        "P-Asserted-Identity の発信者番号",
                        [("yes", "信じる"), ("no", "信じない(From だけを読む)")],
                    )
                    .hint("発信者が番号を偽れる相手のときは、「信じない」を選んでください。"),
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
                    Field::text(values, "from_user", "From の利用者名(省略可)")
                        .hint("省略すると、回線の見せる番号です。"),
                    Field::text(values, "from_domain", "From のドメイン(省略可)").hint(
                        "省略すると、登録するアドレスのドメインか、この機械のアドレスです。",
                    ),
                    Field::select(
                        values,
                        "identity_header",
                        "見せる番号を From のほかに書くところ",
                        IdentityHeader::ALL.map(|header| (header.as_str(), identity_header(header))),
                    ),
                    Field::select(
                        values,
                        "privacy",
                        "番号の通知の指定(Privacy)",
                        OutboundPrivacy::ALL.map(|privacy| (privacy.as_str(), showing::privacy(privacy))),
                    ),
                    Field::text(values, "dial_prefix", "かける番号の前に付ける番号(省略可)")
                        .hint("通知は186、非通知は184、交換機から外へかけるときは0など。"),
                    Field::number(values, "source_port", "送信元のUDPポート(省略可)", "番")
                        .hint("設定ファイルの sip.listen にあるポートを入力します。"),
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
        around: &SetupContext<'_>,
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
            dialled_from: read_dialled_from(values, &mut faults),
            trust_asserted_identity: values.get("trust_asserted_identity") != "no",
            from_user: values.given("from_user"),
            from_domain: values.given("from_domain"),
            identity_header: chosen(values, "identity_header", &IdentityHeader::ALL, |header| {
                header.as_str()
            }),
            privacy: chosen(values, "privacy", &OutboundPrivacy::ALL, |privacy| {
                privacy.as_str()
            }),
            dial_prefix: values.get("dial_prefix").to_owned(),
            source_port: read_port(values, &mut faults),
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

    fn restored(self, last: Option<&Self>, _: &SetupContext<'_>) -> Read<Self> {
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

    fn consequences(&self, id: &str, around: &SetupContext<'_>) -> Vec<String> {
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
        let around = SetupContext::of(web);
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
