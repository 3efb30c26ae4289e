//! 回線 on screens.

use std::collections::BTreeMap;

use madoguchi_core::access::ManageDesk;
use madoguchi_core::audit::Action;
use madoguchi_core::setup::{
    AGENT, AgentConfig, AtClosingConfig, FieldError, LINE, LINE_NAME_LETTERS, LineConfig, Part,
    PeriodicAnnouncement, ScreenAgent, Strategy,
};
use madoguchi_core::ticket::System;

use crate::auth::visitor::Visitor;
use crate::calendar;
use crate::error::WebError;
use crate::kit::field::{Field, access};
use crate::kit::record::{Change, Context, Effect, Listed, Record, Removable, Screen};
use crate::kit::value::Options;
use crate::kit::versioned::Versioned;
use crate::state::Web;

const SYSTEMS: &Options<System> = &[
    (System::Indirect, "indirect", "間接業務システム"),
    (System::Macs, "macs", "MACS"),
];

const STRATEGIES: &Options<Strategy> = &[
    (Strategy::LongestIdle, "longest_idle", "待機の長い人から"),
    (Strategy::RingAll, "ring_all", "全員を一斉に"),
    (Strategy::RoundRobin, "round_robin", "順番に"),
];

const ANNOUNCEMENTS: &Options<PeriodicAnnouncement> = &[
    (PeriodicAnnouncement::Position, "position", "待っている順番"),
    (
        PeriodicAnnouncement::WaitingTime,
        "waiting_time",
        "待ち時間の目安",
    ),
];

const CLOSINGS: &Options<AtClosingConfig> = &[
    (AtClosingConfig::Serve, "serve", "待っている人には応対する"),
    (AtClosingConfig::Tell, "tell", "受付の終了を案内して切る"),
];

type F<'c> = Field<'c, LineConfig>;

impl Record for LineConfig {
    type Permit = ManageDesk;

    const SCREEN: Screen = Screen {
        kind: LINE,
        action: Action::LineChange,
        effect: Effect::Desk(Some(Part::Line)),
        label: "回線",
        not_found: "この回線",
        about: "利用者がかける番号と、その待ち行列です。変更は、すぐに電話の受付に反映されます。",
        list: "/admin/desk/lines",
        one: "/admin/desk/line",
        ..Screen::DESK
    };

    fn fields<'c>(context: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        let trunks = context.setup.trunks.iter();
        let trunks = trunks.map(|trunk| (trunk.config.name.clone(), trunk.config.name.clone()));
        let trunks = std::iter::once((String::new(), "最初の外線".to_owned())).chain(trunks);
        vec![
            F::text("name", "名前", access!(name))
                .section("番号")
                .hint(format!(
                    "集計の単位になるため、登録した後は変えられません。{LINE_NAME_LETTERS}文字以内"
                ))
                .required()
                .once()
                .listed(),
            F::lines("numbers", "電話番号", access!(numbers))
                .hint("1行に1つ。ハイフンや +81 の有無は区別しません。")
                .required()
                .listed(),
            F::listed_only("agents", "担当者", |line| {
                let agents = context.setup.agents.iter();
                let takes = agents.filter(|agent| takes(&agent.config, &line.name));
                format!("{}人", takes.count())
            }),
            F::text(
                "shown_number",
                "発信で相手に見せる番号(省略可)",
                access!(shown_number),
            )
            .short("発信で見せる番号")
            .word("", "最初の電話番号")
            .hint("空欄にすると、最初の電話番号を見せます。"),
            F::select("trunk", "発信に使う外線", trunks, access!(trunk)),
            F::select(
                "calendar",
                "受付カレンダー",
                calendar::choices(context),
                access!(calendar),
            )
            .hint("窓口全体と受付時間が違うときに選びます。受付カレンダーの画面で作れます。"),
            F::one_of("system", "問合せのシステム", SYSTEMS, access!(system))
                .hint("受付の画面の「システム」に、はじめから入ります。"),
            F::check(
                "greeting",
                "待ち行列に入る前に挨拶を流す",
                ("流す", "流さない"),
                access!(greeting),
            )
            .short("挨拶")
            .section("呼出し"),
            F::one_of("strategy", "担当者の選び方", STRATEGIES, access!(strategy))
                .hint("副担当と応援は、主担当に空きがないときに、同じ選び方で呼び出します。")
                .listed(),
            F::number(
                "ring_timeout_s",
                "1人を呼び出す時間",
                "秒",
                access!(ring_timeout_s),
            )
            .hint("過ぎると、次の担当者に移ります。")
            .required(),
            F::number(
                "away_after_no_answers",
                "離席にする不応答の回数",
                "回",
                access!(away_after_no_answers),
            )
            .word("0", "離席にしない")
            .hint("続けて出なかった担当者を離席にします。0で、離席にしません。")
            .required(),
            F::number("wrap_up_s", "後処理の時間", "秒", access!(wrap_up_s))
                .word("0", "なし")
                .hint("0で、後処理なしにします。")
                .required(),
            F::number("priority", "優先度", "", access!(priority))
                .hint("複数の回線を受け持つ担当者には、値の大きい回線から先に回します。")
                .required(),
            F::number("max_waiting", "待てる人数", "人", access!(max_waiting))
                .section("待ち行列")
                .word("0", "制限しない")
                .hint("0で、制限しません。")
                .required(),
            F::number("max_wait_s", "待てる時間", "秒", access!(max_wait_s))
                .word("0", "制限しない")
                .hint("着信から。0で、制限しません。")
                .required(),
            F::number(
                "announce_every_s",
                "保留音の途中で案内を流す間隔",
                "秒",
                access!(announce_every_s),
            )
            .short("案内の間隔")
            .word("0", "案内しない")
            .hint("0で、案内を流しません。")
            .required(),
            F::one_of("announce", "案内の内容", ANNOUNCEMENTS, access!(announce)),
            F::check(
                "wait_without_agents",
                "担当者が1人もログインしていないときも、待ってもらう",
                ("待ってもらう", "案内して切る"),
                access!(wait_without_agents),
            )
            .short("担当者がいないとき")
            .hint("選ばないと、案内して切ります。"),
            F::one_of(
                "at_closing",
                "待っている人の扱い",
                CLOSINGS,
                access!(at_closing),
            )
            .section("受付終了のとき")
            .short("受付終了時の扱い"),
            F::number(
                "closing_limit_s",
                "終了後に応対を続ける時間",
                "秒",
                access!(closing_limit_s),
            )
            .short("終了後に応対する時間")
            .required(),
        ]
    }

    fn blank(_: &Context<'_>) -> Self {
        Self {
            announcements: BTreeMap::new(),
            ..Self::new("", Vec::new())
        }
    }

    fn title(&self, _: &Context<'_>) -> String {
        self.name.clone()
    }

    fn check(&self, _: Option<&Self>, _: &Context<'_>) -> Vec<FieldError> {
        let mut faults = self.entered_faults();
        faults.extend(self.faults());
        faults
    }

    fn new_id(&self) -> String {
        self.name.clone()
    }

    fn of_file(context: &Context<'_>) -> Option<Self> {
        let line = context.setup.line(context.id);
        Some(line.filter(|line| line.by_file)?.config.clone())
    }

    fn in_force(context: &Context<'_>) -> Option<Vec<Listed<Self>>> {
        let listed = context.setup.lines.iter().map(|line| Listed {
            id: line.config.name.clone(),
            record: line.config.clone(),
            by_file: line.by_file,
        });
        Some(listed.collect())
    }

    fn can_remove(&self) -> bool {
        true
    }
}

impl Removable for LineConfig {
    fn consequences(&self, context: &Context<'_>) -> Vec<String> {
        let waiting = context.web.desk.snapshot();
        let waiting = waiting.waiting.iter();
        let waiting = waiting.filter(|call| call.line.as_str() == context.id);
        let waiting = waiting.count();
        let mut told = vec![format!(
            "{}への新しい電話は、つながらなくなります。",
            self.numbers.join("、")
        )];
        if waiting > 0 {
            told.push(format!(
                "今待っている{waiting}人には、受け持っていた担当者が最後まで応対します。"
            ));
        }
        let agents = context.setup.agents.iter();
        let agents: Vec<_> = agents
            .filter(|agent| takes(&agent.config, context.id))
            .map(|agent| {
                let only = agent.config.lines.len() == 1;
                let note = if only {
                    "(ほかに受け持つ回線がありません)"
                } else {
                    ""
                };
                format!("{}{note}", agent.config.name)
            })
            .collect();
        if !agents.is_empty() {
            let agents = agents.join("、");
            told.push(format!("次の担当者の受け持ちから外れます: {agents}"));
        }
        told.push("これまでの通話の記録と集計は残ります。".to_owned());
        told
    }

    /// Nobody takes the calls of a line that is not there.
    async fn other_changes(
        web: &Web,
        visitor: &Visitor,
        id: &str,
    ) -> Result<Vec<Change>, WebError> {
        let mut changes = Vec::new();
        for setting in web.store.list_settings(AGENT).await? {
            let context = Context::new(web, &setting.id);
            let kept = Versioned::<ScreenAgent>::get(web, &setting.id).await?;
            let Some(agent) = kept.record.as_ref().filter(|kept| takes(&kept.agent, id)) else {
                continue;
            };
            let mut after = agent.clone();
            after.agent.lines.retain(|duty| duty.line != id);
            changes.push(kept.change(visitor, &context, Some(&after), kept.version)?);
        }
        Ok(changes)
    }
}

/// Whether an agent takes the calls of a line.
fn takes(agent: &AgentConfig, line: &str) -> bool {
    agent.lines.iter().any(|duty| duty.line == line)
}
