//! 観測の設定 on screens: what the numbers and addresses of an observed PBX mean, and what the last hour
//! would be counted as by what is typed.

mod preview;

use madoguchi_core::access::ManageDesk;
use madoguchi_core::audit::Action;
use madoguchi_core::setup::{FieldError, OBSERVE, OBSERVE_ID, ScreenObserve};

use super::trunks::values::sealed;
use crate::auth::routes::Routes;
use crate::error::WebError;
use crate::kit::field::{Access, Field, access};
use crate::kit::form::{Input, Values};
use crate::kit::record::{Context, Record, Screen, Settled};
use crate::kit::record_routes;

pub(super) fn routes() -> Routes {
    record_routes!(single ScreenObserve, at: "/admin/desk/observe")
}

type F<'c> = Field<'c, ScreenObserve>;

const PATTERN_HINT: &str = "1行に1つ。X は数字1桁、末尾の . は残りすべてです。";

/// The key of the probes: typed, it is sealed; left empty, it stays.
fn key<'c>(context: &'c Context<'_>) -> F<'c> {
    F::custom(
        Input::Secret,
        "hep_key",
        "HEPの合言葉(省略可)",
        |_| String::new(),
        move |one, typed| {
            if !typed.is_empty() {
                one.hep_key = Some(sealed(context.web, typed)?);
            }
            Ok(())
        },
    )
    .hint("観測点が名乗る合言葉です。設定しないと、どこから届いたものも受け付けます。")
    .remark(move |one| {
        let at = one.hep_key.as_ref().map(|key| key.at);
        at.map_or_else(String::new, |at| {
            let at = context.web.settings.dates.minute(at);
            format!("{at}に設定しました。変えるときだけ入力してください。")
        })
    })
}

impl Record for ScreenObserve {
    type Permit = ManageDesk;

    const SCREEN: Screen = Screen {
        kind: OBSERVE,
        action: Action::ObserveChange,
        label: "観測の設定",
        not_found: "観測の設定",
        list: "/admin/desk/observe",
        one: "/admin/desk/observe",
        only: Some(OBSERVE_ID),
        takes_effect: "観測(madoguchi observe)は、次に始めるときから、この設定で集計します。",
        ..Screen::DESK
    };

    fn fields<'c>(context: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        let file = &context.setup.file_observe;
        let list = |name,
                    label,
                    named: &Option<Vec<String>>,
                    access: Access<Self, Option<Vec<String>>>| {
            F::lines(name, label, access).unless_file(named.clone())
        };
        vec![
            list(
                "line_numbers",
                "回線に加える番号",
                &file.line_numbers,
                access!(observe.line_numbers),
            )
            .section("番号の意味")
            .hint(
                "回線の設定にない番号で、回線に着信するもの。1行に1つ、番号、空白、回線の名前の順に\
                 書きます。03-1234-5678 総合窓口 のように入力します。",
            ),
            list(
                "direct_lines",
                "待ち行列のない回線",
                &file.direct_lines,
                access!(observe.direct_lines),
            )
            .hint("取った人の応答が、そのまま応答になる回線の名前。1行に1つ。"),
            list(
                "extensions",
                "担当者のほかの内線",
                &file.extensions,
                access!(observe.extensions),
            )
            .hint(format!("{PATTERN_HINT}2XX のように入力します。")),
            list(
                "feature_codes",
                "通話ではない番号",
                &file.feature_codes,
                access!(observe.feature_codes),
            )
            .hint(format!(
                "交換機の機能番号です。{PATTERN_HINT}*XX のように入力します。"
            )),
            list(
                "trunk_addresses",
                "電話会社の側のアドレス",
                &file.trunk_addresses,
                access!(observe.trunk_addresses),
            )
            .section("アドレスと脚")
            .hint(
                "外線の設定にあるもののほか。1行に1つ。198.51.100.0/28 のような範囲も書けます。\
                 ここから来た通話は、番号にかかわらず、外からの通話です。",
            ),
            list(
                "correlation_headers",
                "1件の通話の脚どうしを結ぶヘッダー",
                &file.correlation_headers,
                access!(observe.correlation_headers),
            )
            .word("", "X-CID")
            .hint(
                "ほかの脚の Call-ID か、共通の値が入っているもの。1行に1つ。空欄にすると、X-CID です。",
            ),
            list("hep", "HEPを待ち受けるアドレス", &file.hep, access!(observe.hep))
                .section("受け取り方")
                .hint("1行に1つ。udp://0.0.0.0:9060 のように入力します。tcp:// と tls:// も書けます。"),
            key(context),
        ]
    }

    fn blank(_: &Context<'_>) -> Self {
        Self::default()
    }

    fn title(&self, _: &Context<'_>) -> String {
        "観測の設定".to_owned()
    }

    fn check(&self, _: Option<&Self>, context: &Context<'_>) -> Vec<FieldError> {
        let lines = context.setup.lines.iter();
        let lines: Vec<&str> = lines.map(|line| line.config.name.as_str()).collect();
        self.observe.faults(Some(&lines))
    }

    fn initial(_: &str) -> Option<Self> {
        Some(Self::default())
    }

    fn restored(self, last: Option<&Self>, _: &Context<'_>) -> Settled<Self> {
        let hep_key = last.and_then(|last| last.hep_key.clone());
        (Self { hep_key, ..self }, None)
    }

    fn trial(
        &self,
        _: Option<&Self>,
        values: &Values,
        context: &Context<'_>,
    ) -> impl Future<Output = Result<Option<String>, WebError>> + Send {
        preview::part(self, values.is_trial(), context)
    }
}
