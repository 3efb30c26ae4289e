//! 外線 on screens. Passwords are kept sealed, and never shown again.

pub(super) mod values;

use madoguchi_core::access::ManageDesk;
use madoguchi_core::audit::Action;
use madoguchi_core::setup::{
    FieldError, LINE, LineConfig, Part, RegisterConfig, ScreenTrunk, Sealed, TRUNK,
    TRUNK_NAME_LETTERS, TrunkConfig, register_expires_s,
};

use self::values::{
    ENCRYPTIONS, IDENTITY_HEADERS, PRIVACIES, dialled_from, inbound, read_dialled_from, read_port,
    read_sources, sealed, sources,
};
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::field::{Access, Field, access};
use crate::kit::form::Input;
use crate::kit::record::{Change, Context, Effect, Listed, Record, Removable, Screen, Settled};
use crate::kit::value::{FieldValue as _, NO, YES};
use crate::kit::versioned::Versioned;
use crate::state::Web;

type F<'c> = Field<'c, ScreenTrunk>;

/// What a trunk registers with, before anything is typed and while some of it is.
fn register(trunk: &mut ScreenTrunk) -> &mut RegisterConfig {
    let none = || RegisterConfig {
        aor: String::new(),
        registrar: String::new(),
        expires_s: register_expires_s(),
    };
    trunk.trunk.register.get_or_insert_with(none)
}

/// A password: typed, it is sealed; left empty, it stays.
fn secret<'c>(
    context: &'c Context<'_>,
    name: &'static str,
    label: &'static str,
    access: Access<ScreenTrunk, Option<Sealed>>,
) -> F<'c> {
    let Access { get, get_mut } = access;
    F::custom(
        Input::Secret,
        name,
        label,
        |_| String::new(),
        move |trunk, typed| {
            if !typed.is_empty() {
                *get_mut(trunk) = Some(sealed(context.web, typed)?);
            }
            Ok(())
        },
    )
    .remark(move |trunk| {
        let set = get(trunk).as_ref();
        set.map_or_else(String::new, |secret| {
            let at = context.web.settings.dates.minute(secret.at);
            format!("{at}に設定しました。変えるときだけ入力してください。")
        })
    })
}

/// When a password was set.
fn set_at<'c>(
    context: &'c Context<'_>,
    name: &'static str,
    label: &'static str,
    of: fn(&ScreenTrunk) -> &Option<Sealed>,
) -> F<'c> {
    F::read_only(name, label, move |trunk| {
        let at = of(trunk).as_ref().map(|secret| secret.at);
        at.map_or_else(String::new, |at| context.web.settings.dates.minute(at))
    })
}

impl Record for ScreenTrunk {
    type Permit = ManageDesk;

    const SCREEN: Screen = Screen {
        kind: TRUNK,
        action: Action::TrunkChange,
        effect: Effect::Desk(Some(Part::Trunk)),
        label: "外線",
        not_found: "この外線",
        about: "電話会社や、ほかの交換機とのつながりです。",
        list: "/admin/desk/trunks",
        one: "/admin/desk/trunk",
        ..Screen::DESK
    };

    fn fields<'c>(context: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        vec![
            F::text("name", "名前", access!(trunk.name))
                .section("名前")
                .hint(format!(
                    "登録した後は変えられません。{TRUNK_NAME_LETTERS}文字以内"
                ))
                .required()
                .once()
                .listed(),
            F::custom(
                Input::Lines,
                "sources",
                "着信を認めるアドレス(省略可)",
                |one| sources(&one.trunk),
                |one, text| {
                    one.trunk.sources = read_sources(text)?;
                    Ok(())
                },
            )
            .section("着信")
            .short("着信を認めるアドレス")
            .hint(
                "1行に1つ。198.51.100.0/28 のような範囲も書けます。空白に続けてポート番号を書くと、\
                 そのポートからだけ認めます。",
            ),
            F::listed_only("inbound", "着信を認める相手", |one| {
                inbound(&one.trunk)
            }),
            F::text(
                "inbound_user",
                "着信を認める利用者名(省略可)",
                access!(trunk.inbound_user),
            )
            .short("着信を認める利用者名")
            .hint("アドレスの代わりに(または加えて)、利用者名とパスワードで認めます。"),
            secret(
                context,
                "inbound_password",
                "その利用者のパスワード",
                access!(inbound_password),
            ),
            set_at(
                context,
                "inbound_password_at",
                "着信のパスワードの設定",
                |one| &one.inbound_password,
            ),
            F::custom(
                Input::Lines,
                "dialled_from",
                "かけた番号を読むところ",
                |one| dialled_from(&one.trunk),
                |one, text| {
                    one.trunk.dialled_from = read_dialled_from(text)?;
                    Ok(())
                },
            )
            .hint(
                "1行に1つ。p-called-party-id、request-uri、to から選びます。\
                 上に書いたものを優先し、電話番号が書いてある最初のものに従います。\
                 空にすると、この順です。",
            ),
            F::custom(
                Input::Select,
                "trust_asserted_identity",
                "P-Asserted-Identity の発信者番号",
                |one| {
                    if one.trunk.trust_asserted_identity {
                        YES
                    } else {
                        NO
                    }
                    .to_owned()
                },
                |one, text| {
                    one.trunk.trust_asserted_identity = text != NO;
                    Ok(())
                },
            )
            .short("着信の P-Asserted-Identity")
            .choices([(YES, "信じる"), (NO, "信じない(From だけを読む)")])
            .hint("発信者が番号を偽れる相手のときは、「信じない」を選んでください。"),
            F::text("outbound", "発信の送り先(省略可)", access!(trunk.outbound))
                .section("発信")
                .short("発信の送り先")
                .word("", "なし")
                .hint("SIP URI。sip:198.51.100.1:5060;transport=udp のように入力します。")
                .listed(),
            F::text(
                "user",
                "電話会社が求める利用者名(省略可)",
                access!(trunk.user),
            )
            .short("電話会社が求める利用者名"),
            secret(
                context,
                "password",
                "電話会社が求めるパスワード",
                access!(password),
            ),
            set_at(
                context,
                "password_at",
                "発信のパスワードの設定",
                |one| &one.password,
            ),
            F::number(
                "max_outbound",
                "同時に発信できる数",
                "件",
                access!(trunk.max_outbound),
            )
            .word("0", "制限しない")
            .hint("0で、制限しません。")
            .required(),
            F::text(
                "from_user",
                "From の利用者名(省略可)",
                access!(trunk.from_user),
            )
            .short("From の利用者名")
            .hint("省略すると、回線の見せる番号です。"),
            F::text(
                "from_domain",
                "From のドメイン(省略可)",
                access!(trunk.from_domain),
            )
            .short("From のドメイン")
            .hint("省略すると、登録するアドレスのドメインか、この機械のアドレスです。"),
            F::one_of(
                "identity_header",
                "見せる番号を From のほかに書くところ",
                IDENTITY_HEADERS,
                access!(trunk.identity_header),
            ),
            F::one_of(
                "privacy",
                "番号の通知の指定(Privacy)",
                PRIVACIES,
                access!(trunk.privacy),
            )
            .short("番号の通知の指定"),
            F::text(
                "dial_prefix",
                "かける番号の前に付ける番号(省略可)",
                access!(trunk.dial_prefix),
            )
            .short("かける番号の前に付ける番号")
            .hint("通知は186、非通知は184、交換機から外へかけるときは0など。"),
            F::custom(
                Input::Number,
                "source_port",
                "送信元のUDPポート(省略可)",
                |one| one.trunk.source_port.to_text(),
                |one, text| {
                    one.trunk.source_port = read_port(text)?;
                    Ok(())
                },
            )
            .short("送信元のUDPポート")
            .hint("設定ファイルの sip.listen にあるポートを入力します。"),
            F::custom(
                Input::Text,
                "register.aor",
                "登録するアドレス(省略可)",
                |one| {
                    let register = one.trunk.register.as_ref();
                    register
                        .map(|register| register.aor.clone())
                        .unwrap_or_default()
                },
                |one, text| {
                    text.clone_into(&mut register(one).aor);
                    Ok(())
                },
            )
            .section("登録")
            .short("登録するアドレス")
            .hint(
                "電話会社に登録して着信を受けるときの SIP URI。\
                 sip:0312345678@carrier.example のように入力します。",
            ),
            F::custom(
                Input::Text,
                "register.registrar",
                "登録先(省略可)",
                |one| {
                    let register = one.trunk.register.as_ref();
                    register
                        .map(|register| register.registrar.clone())
                        .unwrap_or_default()
                },
                |one, text| {
                    text.clone_into(&mut register(one).registrar);
                    Ok(())
                },
            )
            .short("登録先")
            .hint("sip:carrier.example のように入力します。"),
            F::custom(
                Input::Number,
                "register.expires_s",
                "登録の有効期間",
                |one| {
                    let register = one.trunk.register.as_ref();
                    register
                        .map_or_else(register_expires_s, |register| register.expires_s)
                        .to_string()
                },
                |one, text| {
                    register(one).expires_s = u32::from_text(text)?;
                    Ok(())
                },
            )
            .unit("秒")
            .required(),
            F::listed_only("registers", "登録", |one| {
                let registers = one.trunk.register.is_some();
                if registers { "する" } else { "しない" }.to_owned()
            }),
            F::check(
                "symmetric_rtp",
                "相手が知らせたのと違うアドレスからの音声も認める",
                (
                    "知らせたのと違うアドレスからも認める",
                    "知らせたアドレスとだけやり取りする",
                ),
                access!(trunk.symmetric_rtp),
            )
            .section("音声")
            .short("音声")
            .hint(
                "相手が NAT(アドレス変換)の内側にあるときに選びます。通話の始めに、信号と同じ\
                 アドレスなどから正しい音声が続けて届いたときだけ、その送り元とやり取りします。",
            ),
            F::one_of("srtp", "音声の暗号化(SRTP)", ENCRYPTIONS, access!(trunk.srtp)).hint(
                "鍵は、信号を暗号化する外線(TLS)でだけ送ります。TLS でなければ、「相手ができればする」では\
                 暗号化せず、「必ずする」では通話できません。",
            ),
        ]
    }

    fn blank(_: &Context<'_>) -> Self {
        without_secrets(TrunkConfig::new(""))
    }

    fn title(&self, _: &Context<'_>) -> String {
        self.trunk.name.clone()
    }

    fn check(&self, before: Option<&Self>, _: &Context<'_>) -> Vec<FieldError> {
        let trunk = tidy(self.trunk.clone());
        let mut faults = Vec::new();
        if let Some(register) = &trunk.register {
            if register.registrar.is_empty() {
                faults.push(FieldError::new(
                    "register.registrar",
                    "登録先も入力してください",
                ));
            }
            if register.aor.is_empty() {
                let message = "登録するアドレスも入力してください";
                faults.push(FieldError::new("register.aor", message));
            }
        }
        if trunk.sources.is_empty() && trunk.inbound_user.is_none() && trunk.outbound.is_none() {
            let message = "着信を認めるアドレス、着信を認める利用者名、発信の送り先のどれかを入力してください";
            faults.push(FieldError::new("sources", message));
        } else if faults.is_empty() {
            faults.extend(trunk.faults());
        }
        faults.extend(trunk.entered_faults());
        let mut secret = |name, user: &Option<String>, of: fn(&Self) -> &Option<Sealed>| {
            let typed = of(self).is_some() && before.is_none_or(|before| of(before) != of(self));
            if user.is_none() && typed {
                faults.push(FieldError::new(name, "利用者名も入力してください"));
            } else if user.is_some() && of(self).is_none() {
                faults.push(FieldError::missing(name));
            }
        };
        secret("inbound_password", &trunk.inbound_user, |one| {
            &one.inbound_password
        });
        secret("password", &trunk.user, |one| &one.password);
        faults
    }

    fn new_id(&self) -> String {
        self.trunk.name.clone()
    }

    fn of_file(context: &Context<'_>) -> Option<Self> {
        let trunk = context.setup.trunk(context.id);
        let trunk = trunk.filter(|trunk| trunk.by_file)?;
        Some(without_secrets(trunk.config.clone()))
    }

    fn in_force(context: &Context<'_>) -> Option<Vec<Listed<Self>>> {
        let listed = context.setup.trunks.iter().map(|trunk| Listed {
            id: trunk.config.name.clone(),
            record: without_secrets(trunk.config.clone()),
            by_file: trunk.by_file,
        });
        Some(listed.collect())
    }

    fn notes(&self, context: &Context<'_>) -> Vec<String> {
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
        let opens = |secret: &Sealed| context.web.seal.open(&secret.sealed).is_some();
        let mut secrets = self.password.iter().chain(&self.inbound_password);
        if !secrets.all(opens) {
            let note = "保存したパスワードを読めません。鍵のファイル(web.key_file)が変わっています。\
                 鍵を元に戻すか、パスワードを入力し直してください。";
            notes.push(note.to_owned());
        }
        notes
    }

    /// Without the passwords of users who are no longer named.
    fn settled(self, _: Option<&Self>, _: &Context<'_>) -> Settled<Self> {
        let trunk = tidy(self.trunk);
        let settled = Self {
            password: self.password.filter(|_| trunk.user.is_some()),
            inbound_password: self
                .inbound_password
                .filter(|_| trunk.inbound_user.is_some()),
            trunk,
        };
        (settled, None)
    }

    fn restored(self, last: Option<&Self>, context: &Context<'_>) -> Settled<Self> {
        let last = last.cloned().unwrap_or_else(|| self.clone());
        let trunk = self.trunk;
        Self { trunk, ..last }.settled(None, context)
    }

    fn can_remove(&self) -> bool {
        true
    }
}

/// Without a registration of which nothing was typed but its time.
fn tidy(trunk: TrunkConfig) -> TrunkConfig {
    let register = trunk.register;
    TrunkConfig {
        register: register.filter(|one| !(one.aor.is_empty() && one.registrar.is_empty())),
        ..trunk
    }
}

/// A trunk of whose passwords nothing is known here.
fn without_secrets(trunk: TrunkConfig) -> ScreenTrunk {
    ScreenTrunk {
        trunk,
        password: None,
        inbound_password: None,
    }
}

impl Removable for ScreenTrunk {
    fn consequences(&self, context: &Context<'_>) -> Vec<String> {
        let mut told = vec!["この外線からの新しい着信は、受けられなくなります。".to_owned()];
        if self.trunk.register.is_some() {
            told.push("電話会社への登録を取り消します。".to_owned());
        }
        let lines = context.setup.lines.iter();
        let lines = lines.filter(|line| line.config.trunk.as_deref() == Some(context.id));
        let lines: Vec<_> = lines.map(|line| line.config.name.as_str()).collect();
        if !lines.is_empty() {
            told.push(format!(
                "次の回線の発信には、最初の外線を使うようになります: {}",
                lines.join("、")
            ));
        }
        let others = context.setup.trunks.iter();
        let mut others = others.filter(|other| other.config.name != context.id);
        if self.trunk.outbound.is_some() && !others.any(|other| other.config.outbound.is_some()) {
            told.push("外へ発信できる外線がなくなります。".to_owned());
        }
        told.push("今の通話は、終わるまで続きます。".to_owned());
        told
    }

    /// Lines do not name a trunk that is not there.
    async fn other_changes(
        web: &Web,
        visitor: &Visitor,
        id: &str,
    ) -> Result<Vec<Change>, WebError> {
        let mut changes = Vec::new();
        for setting in web.store.list_settings(LINE).await? {
            let context = Context::new(web, &setting.id);
            let kept = Versioned::<LineConfig>::get(web, &setting.id).await?;
            let names = |line: &&LineConfig| line.trunk.as_deref() == Some(id);
            let Some(line) = kept.record.as_ref().filter(names) else {
                continue;
            };
            let after = LineConfig {
                trunk: None,
                ..line.clone()
            };
            changes.push(kept.change(visitor, &context, Some(&after), kept.version)?);
        }
        Ok(changes)
    }
}
