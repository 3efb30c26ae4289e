//! For how long what was signalled is kept.

use madoguchi_core::access::ManageRetention;
use madoguchi_core::audit::Action;
use madoguchi_core::setup::FieldError;
use madoguchi_core::signal::{SIGNAL_DAYS_AT_MOST, SIGNAL_RETENTION, SignalRetention};

use crate::kit::field::{Field, access};
use crate::kit::record::{Context, Effect, Record, Screen};

impl Record for SignalRetention {
    type Permit = ManageRetention;

    const SCREEN: Screen = Screen {
        kind: SIGNAL_RETENTION,
        action: Action::SignalRetentionChange,
        effect: Effect::Stored,
        menu: ("/admin/retention", "記録の保存期間"),
        only: Some("days"),
        label: "信号の記録の保存期間",
        about: "通話ごとの信号(SIPのメッセージ)です。電話番号と氏名を含みます。過ぎると削除します。外線の信号の集計は変わりません。",
        list: "/admin/retention/signals",
        one: "/admin/retention/signals",
        confirm: "保存期間を変更します。過ぎた信号の記録は、元に戻せません。",
        takes_effect: "観測(madoguchi observe)は、次に始めるときから、この期間で保存します。",
        ..Screen::DESK
    };

    fn fields<'c>(_: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        let days = Field::<Self>::number("days", "保存期間", "日", access!(days));
        vec![
            days.word("0", "保存しない")
                .hint(format!(
                    "0日から{SIGNAL_DAYS_AT_MOST}日まで。0にすると、信号を保存しません。"
                ))
                .required(),
        ]
    }

    fn blank(_: &Context<'_>) -> Self {
        Self::default()
    }

    fn title(&self, _: &Context<'_>) -> String {
        Self::SCREEN.label.to_owned()
    }

    fn check(&self, _: Option<&Self>, _: &Context<'_>) -> Vec<FieldError> {
        let fault = Self::check(*self).err();
        let fault = fault.map(|fault| FieldError::new("days", fault.to_string()));
        fault.into_iter().collect()
    }

    fn initial(_: &str) -> Option<Self> {
        Some(Self::default())
    }
}
