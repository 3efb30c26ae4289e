//! 回線 on screens.

use std::collections::BTreeMap;

use madoguchi_core::audit::Action;
use madoguchi_core::setup::{
    AGENT, AtClosingConfig, Fault, LINE, LINE_NAME_LETTERS, LineConfig, Part, PeriodicAnnouncement,
    ScreenAgent, Strategy,
};

use super::form::{Field, Section, Values};
use super::keep::Kept;
use super::screen::{Change, Facts, Read, Row, SettingScreen, SetupContext};
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::state::Web;

const STRATEGIES: [(&str, &str); 3] = [
    ("longest_idle", "待機の長い人から"),
    ("ring_all", "全員を一斉に"),
    ("round_robin", "順番に"),
];

const ANNOUNCEMENTS: [(&str, &str); 2] = [
    ("position", "待っている順番"),
    ("waiting_time", "待ち時間の目安"),
];

const CLOSINGS: [(&str, &str); 2] = [
    ("serve", "待っている人には応対する"),
    ("tell", "受付の終了を案内して切る"),
];

impl SettingScreen for LineConfig {
    const KIND: &'static str = LINE;
    const ACTION: Action = Action::LineChange;
    const PART: Option<Part> = Some(Part::Line);
    const LABEL: &'static str = "回線";
    const NOT_FOUND: &'static str = "この回線";
    const ABOUT: &'static str =
        "利用者がかける番号と、その待ち行列です。変更は、すぐに電話の受付に反映されます。";
    const LIST: &'static str = "/admin/desk/lines";
    const PLACE: &'static str = "/admin/desk/line";
    const COLUMNS: &'static [&'static str] = &["名前", "電話番号", "担当者", "選び方"];
    const ID_FIELD: &'static str = "name";

    fn rows(around: &SetupContext<'_>) -> Vec<Row> {
        let agents = |line: &LineConfig| {
            let takes = |agent: &&madoguchi_core::setup::Made<_>| takes(&agent.thing, &line.name);
            around.setup.agents.iter().filter(takes).count()
        };
        let lines = around.setup.lines.iter();
        lines
            .map(|line| Row {
                id: line.thing.name.clone(),
                cells: vec![
                    line.thing.name.clone(),
                    line.thing.numbers.join("、"),
                    format!("{}人", agents(&line.thing)),
                    strategy(line.thing.strategy).to_owned(),
                ],
                by_file: line.by_file,
            })
            .collect()
    }

    fn of_file(around: &SetupContext<'_>, id: &str) -> Option<(String, Facts)> {
        let line = around.setup.line(id).filter(|line| line.by_file)?;
        Some((line.thing.name.clone(), line.thing.facts(around)))
    }

    fn new_id(&self) -> String {
        self.name.clone()
    }

    fn title(&self) -> String {
        self.name.clone()
    }

    fn facts(&self, _: &SetupContext<'_>) -> Facts {
        let secs = |secs: u32, none: &str| some(secs, "秒", none);
        vec![
            ("電話番号", self.numbers.join("、")),
            (
                "発信で見せる番号",
                self.shown_number
                    .clone()
                    .unwrap_or_else(|| "最初の電話番号".to_owned()),
            ),
            (
                "発信に使う外線",
                self.trunk
                    .clone()
                    .unwrap_or_else(|| "最初の外線".to_owned()),
            ),
            ("挨拶", yes(self.greeting, "流す", "流さない")),
            ("担当者の選び方", strategy(self.strategy).to_owned()),
            ("1人を呼び出す時間", format!("{}秒", self.ring_timeout_s)),
            (
                "離席にする不応答の回数",
                some(self.away_after_no_answers, "回", "離席にしない"),
            ),
            ("後処理の時間", secs(self.wrap_up_s, "なし")),
            ("優先度", self.priority.to_string()),
            ("待てる人数", some(self.max_waiting, "人", "制限しない")),
            ("待てる時間", secs(self.max_wait_s, "制限しない")),
            ("案内の間隔", secs(self.announce_every_s, "案内しない")),
            (
                "案内の内容",
                label(&ANNOUNCEMENTS, announcement(self.announce)).to_owned(),
            ),
            (
                "担当者がいないとき",
                yes(self.wait_without_agents, "待ってもらう", "案内して切る"),
            ),
            (
                "受付終了時の扱い",
                label(&CLOSINGS, closing(self.at_closing)).to_owned(),
            ),
            (
                "終了後に応対する時間",
                format!("{}秒", self.closing_limit_s),
            ),
        ]
    }

    fn blank(_: &SetupContext<'_>) -> Values {
        LineConfig::new("", Vec::new()).values()
    }

    fn values(&self) -> Values {
        let mut values = Values::default();
        values.set("name", &self.name);
        values.set("numbers", self.numbers.join("\n"));
        values.set("shown_number", self.shown_number.as_deref().unwrap_or(""));
        values.set("trunk", self.trunk.as_deref().unwrap_or(""));
        values.tick("greeting", self.greeting);
        values.set("strategy", strategy_value(self.strategy));
        values.set("announce", announcement(self.announce));
        values.tick("wait_without_agents", self.wait_without_agents);
        values.set("at_closing", closing(self.at_closing));
        values.set("priority", self.priority.to_string());
        for (name, value) in [
            ("ring_timeout_s", self.ring_timeout_s),
            ("away_after_no_answers", self.away_after_no_answers),
            ("max_waiting", self.max_waiting),
            ("max_wait_s", self.max_wait_s),
            ("announce_every_s", self.announce_every_s),
            ("closing_limit_s", self.closing_limit_s),
            ("wrap_up_s", self.wrap_up_s),
        ] {
            values.set(name, value.to_string());
        }
        values
    }

    fn sections(
        values: &Values,
        around: &SetupContext<'_>,
        of: Option<(&str, &Self)>,
    ) -> Vec<Section> {
        let number = |name, label, unit| Field::number(values, name, label, unit).required();
        let trunks = around.setup.trunks.iter();
        let trunks = trunks.map(|trunk| (trunk.thing.name.as_str(), trunk.thing.name.as_str()));
        let trunks = std::iter::once(("", "最初の外線")).chain(trunks);
        vec![
            Section::new(
                "番号",
                vec![
                    match of {
                        Some((name, _)) => Field::fixed("name", "名前", name),
                        None => Field::text(values, "name", "名前").required().hint(format!(
                            "集計の単位になるため、登録した後は変えられません。{LINE_NAME_LETTERS}文字以内"
                        )),
                    },
                    Field::area(values, "numbers", "電話番号").required().hint(
                        "1行に1つ。ハイフンや +81 の有無は区別しません。",
                    ),
                    Field::text(values, "shown_number", "発信で相手に見せる番号(省略可)")
                        .hint("空欄にすると、最初の電話番号を見せます。"),
                    Field::select(values, "trunk", "発信に使う外線", trunks),
                ],
            ),
            Section::new(
                "呼出し",
                vec![
                    Field::check(values, "greeting", "待ち行列に入る前に挨拶を流す"),
                    Field::select(values, "strategy", "担当者の選び方", STRATEGIES).hint(
                        "副担当と応援は、主担当に空きがないときに、同じ選び方で呼び出します。",
                    ),
                    number("ring_timeout_s", "1人を呼び出す時間", "秒")
                        .hint("過ぎると、次の担当者に移ります。"),
                    number("away_after_no_answers", "離席にする不応答の回数", "回")
                        .hint("続けて出なかった担当者を離席にします。0で、離席にしません。"),
                    number("wrap_up_s", "後処理の時間", "秒").hint("0で、後処理なしにします。"),
                    number("priority", "優先度", "").hint(
                        "複数の回線を受け持つ担当者には、値の大きい回線から先に回します。",
                    ),
                ],
            ),
            Section::new(
                "待ち行列",
                vec![
                    number("max_waiting", "待てる人数", "人").hint("0で、制限しません。"),
                    number("max_wait_s", "待てる時間", "秒").hint("着信から。0で、制限しません。"),
                    number("announce_every_s", "保留音の途中で案内を流す間隔", "秒")
                        .hint("0で、案内を流しません。"),
                    Field::select(values, "announce", "案内の内容", ANNOUNCEMENTS),
                    Field::check(
                        values,
                        "wait_without_agents",
                        "担当者が1人もログインしていないときも、待ってもらう",
                    )
                    .hint("選ばないと、案内して切ります。"),
                ],
            ),
            Section::new(
                "受付終了のとき",
                vec![
                    Field::select(values, "at_closing", "待っている人の扱い", CLOSINGS),
                    number("closing_limit_s", "終了後に応対を続ける時間", "秒"),
                ],
            ),
        ]
    }

    fn read(
        values: &Values,
        _: &SetupContext<'_>,
        of: Option<(&str, &Self)>,
    ) -> Result<Read<Self>, Vec<Fault>> {
        let mut faults = Vec::new();
        let line = LineConfig {
            name: of.map_or_else(
                || values.get("name").to_owned(),
                |(name, _)| name.to_owned(),
            ),
            numbers: values.lines("numbers"),
            shown_number: values.given("shown_number"),
            trunk: values.given("trunk"),
            greeting: values.ticked("greeting"),
            strategy: choice("strategy", values, read_strategy, &mut faults),
            ring_timeout_s: values.number("ring_timeout_s", &mut faults),
            away_after_no_answers: values.number("away_after_no_answers", &mut faults),
            max_waiting: values.number("max_waiting", &mut faults),
            max_wait_s: values.number("max_wait_s", &mut faults),
            announce_every_s: values.number("announce_every_s", &mut faults),
            announce: choice("announce", values, read_announcement, &mut faults),
            wait_without_agents: values.ticked("wait_without_agents"),
            at_closing: choice("at_closing", values, read_closing, &mut faults),
            closing_limit_s: values.number("closing_limit_s", &mut faults),
            wrap_up_s: values.number("wrap_up_s", &mut faults),
            priority: values.number("priority", &mut faults),
            announcements: of.map_or_else(BTreeMap::new, |(_, line)| line.announcements.clone()),
        };
        faults.extend(line.entered_faults());
        faults.extend(line.faults());
        if faults.is_empty() {
            Ok((line, None))
        } else {
            Err(faults)
        }
    }

    fn consequences(&self, id: &str, around: &SetupContext<'_>) -> Vec<String> {
        let waiting = around.web.desk.snapshot();
        let waiting = waiting.waiting.iter();
        let waiting = waiting.filter(|call| call.line.as_str() == id).count();
        let mut told = vec![format!(
            "{}への新しい電話は、つながらなくなります。",
            self.numbers.join("、")
        )];
        if waiting > 0 {
            told.push(format!(
                "今待っている{waiting}人には、受け持っていた担当者が最後まで応対します。"
            ));
        }
        let agents = around.setup.agents.iter();
        let agents: Vec<_> = agents
            .filter(|agent| takes(&agent.thing, id))
            .map(|agent| {
                let only = agent.thing.lines.len() == 1;
                let note = if only {
                    "(ほかに受け持つ回線がありません)"
                } else {
                    ""
                };
                format!("{}{note}", agent.thing.name)
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
    async fn changes_with_removal(
        web: &Web,
        visitor: &Visitor,
        id: &str,
    ) -> Result<Vec<Change>, WebError> {
        let around = SetupContext::of(web);
        let mut changes = Vec::new();
        for setting in web.store.list_settings(AGENT).await? {
            let kept = Kept::<ScreenAgent>::get(web, &setting.id).await?;
            let Some(agent) = kept.thing.as_ref().filter(|kept| takes(&kept.agent, id)) else {
                continue;
            };
            let mut after = agent.clone();
            after.agent.lines.retain(|duty| duty.line != id);
            changes.push(kept.change(visitor, &around, Some(&after), kept.version)?);
        }
        Ok(changes)
    }
}

/// Whether an agent takes the calls of a line.
fn takes(agent: &madoguchi_core::setup::AgentConfig, line: &str) -> bool {
    agent.lines.iter().any(|duty| duty.line == line)
}

fn yes(yes: bool, if_yes: &str, if_no: &str) -> String {
    if yes { if_yes } else { if_no }.to_owned()
}

fn some(value: u32, unit: &str, none: &str) -> String {
    if value == 0 {
        none.to_owned()
    } else {
        format!("{value}{unit}")
    }
}

fn label<'a>(choices: &[(&str, &'a str)], value: &str) -> &'a str {
    let found = choices.iter().find(|(known, _)| *known == value);
    found.map_or("", |(_, label)| *label)
}

/// One of a list; another is a fault.
fn choice<T: Default>(
    name: &str,
    values: &Values,
    read: fn(&str) -> Option<T>,
    faults: &mut Vec<Fault>,
) -> T {
    read(values.get(name)).unwrap_or_else(|| {
        faults.push(Fault::new(name, "一覧から選んでください"));
        T::default()
    })
}

fn strategy_value(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::LongestIdle => "longest_idle",
        Strategy::RingAll => "ring_all",
        Strategy::RoundRobin => "round_robin",
    }
}

fn strategy(strategy: Strategy) -> &'static str {
    label(&STRATEGIES, strategy_value(strategy))
}

fn read_strategy(value: &str) -> Option<Strategy> {
    let all = [
        Strategy::LongestIdle,
        Strategy::RingAll,
        Strategy::RoundRobin,
    ];
    all.into_iter()
        .find(|known| strategy_value(*known) == value)
}

fn announcement(announce: PeriodicAnnouncement) -> &'static str {
    match announce {
        PeriodicAnnouncement::Position => "position",
        PeriodicAnnouncement::WaitingTime => "waiting_time",
    }
}

fn read_announcement(value: &str) -> Option<PeriodicAnnouncement> {
    let all = [
        PeriodicAnnouncement::Position,
        PeriodicAnnouncement::WaitingTime,
    ];
    all.into_iter().find(|known| announcement(*known) == value)
}

fn closing(at_closing: AtClosingConfig) -> &'static str {
    match at_closing {
        AtClosingConfig::Serve => "serve",
        AtClosingConfig::Tell => "tell",
    }
}

fn read_closing(value: &str) -> Option<AtClosingConfig> {
    let all = [AtClosingConfig::Serve, AtClosingConfig::Tell];
    all.into_iter().find(|known| closing(*known) == value)
}
