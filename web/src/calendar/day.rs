//! One day: what holds on it, and what it is changed to.

use chrono::{NaiveDate, NaiveTime};
use madoguchi_core::access::ManageCalendar;
use madoguchi_core::audit::Action;
use madoguchi_core::setup::{CalendarDay, DayFault, DayRule, FieldError, NOTE_LETTERS};
use serde::{Deserialize, Serialize};

use super::rule::{KIND, calendar_name, clock, hours_text, read_id, reason, rule_text};
use crate::kit::field::{Access, Field, access};
use crate::kit::fields::Facts;
use crate::kit::form::Input;
use crate::kit::record::{Context, Effect, Record, Screen, Settled};
use crate::kit::value::Options;
use crate::text;

/// The entry of the menu.
pub(super) const HERE: &str = "/admin/calendar";

/// A day as its form has it: by the rules, or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "CalendarDay", into = "Option<CalendarDay>")]
pub(super) struct Day {
    /// Of which calendar; `None`: of the desk's.
    pub(super) calendar: Option<String>,
    pub(super) date: NaiveDate,
    rule: Rule,
    opens: Option<NaiveTime>,
    closes: Option<NaiveTime>,
    note: String,
}

/// What holds on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    Usual,
    Closed,
    Open,
    Until,
    SpecialDay,
}

pub(super) const RULES: &Options<Rule> = &[
    (Rule::Usual, "usual", "規則どおり"),
    (Rule::Closed, "closed", "終日休みにする"),
    (Rule::Open, "open", "時間を決めて受け付ける"),
    (Rule::Until, "until", "終了の時刻だけを変える"),
    (
        Rule::SpecialDay,
        "special_day",
        "特定日にする(休日でも、通常の時間で受け付ける)",
    ),
];

impl Day {
    /// A day of a calendar on which nothing but the rules holds.
    pub(super) fn usual(date: NaiveDate, calendar: Option<&str>) -> Self {
        Self {
            calendar: calendar.map(str::to_owned),
            date,
            rule: Rule::Usual,
            opens: None,
            closes: None,
            note: String::new(),
        }
    }

    /// How it differs from the rules.
    fn changed(&self) -> Option<CalendarDay> {
        let rule = match self.rule {
            Rule::Usual => return None,
            Rule::Closed => DayRule::Closed,
            Rule::SpecialDay => DayRule::SpecialDay,
            Rule::Until => DayRule::Until {
                closes: self.closes?,
            },
            Rule::Open => DayRule::Open {
                opens: self.opens?,
                closes: self.closes?,
            },
        };
        Some(CalendarDay {
            calendar: self.calendar.clone(),
            date: self.date,
            rule,
            note: self.note.clone(),
        })
    }

    /// Without what its rule does not need.
    pub(super) fn plain(&self) -> Self {
        let usual = || Self::usual(self.date, self.calendar.as_deref());
        self.changed().map_or_else(usual, Self::from)
    }

    /// The id of it in the store.
    pub(super) fn id(&self) -> String {
        CalendarDay::id(self.date, self.calendar.as_deref())
    }

    /// What holds on it, in words.
    pub(super) fn rule_text(&self) -> String {
        rule_text(self.changed().as_ref())
    }

    /// Another day that is changed in the same way.
    pub(super) fn on(&self, date: NaiveDate) -> Self {
        Self {
            date,
            ..self.clone()
        }
    }

    pub(super) fn faults(&self, usual: NaiveTime) -> Vec<FieldError> {
        let missing = |field, what: &str| {
            FieldError::new(
                field,
                format!("{what}の時刻を、8:00 のように入力してください"),
            )
        };
        let mut faults = Vec::new();
        if self.rule == Rule::Open && self.opens.is_none() {
            faults.push(missing("opens", "開始"));
        }
        if matches!(self.rule, Rule::Open | Rule::Until) && self.closes.is_none() {
            faults.push(missing("closes", "終了"));
        }
        let judged = self.changed().map_or(Ok(()), |day| day.check(usual));
        if let Err(fault) = judged {
            let field = match fault {
                DayFault::ClosesFirst => "closes",
                DayFault::LongNote => "note",
            };
            let sentence = fault.to_string();
            faults.push(FieldError::new(field, sentence.trim_end_matches('。')));
        }
        faults
    }
}

impl From<CalendarDay> for Day {
    fn from(day: CalendarDay) -> Self {
        let (rule, opens, closes) = match day.rule {
            DayRule::Closed => (Rule::Closed, None, None),
            DayRule::SpecialDay => (Rule::SpecialDay, None, None),
            DayRule::Until { closes } => (Rule::Until, None, Some(closes)),
            DayRule::Open { opens, closes } => (Rule::Open, Some(opens), Some(closes)),
        };
        Self {
            calendar: day.calendar,
            date: day.date,
            rule,
            opens,
            closes,
            note: day.note,
        }
    }
}

impl From<Day> for Option<CalendarDay> {
    fn from(day: Day) -> Self {
        day.changed()
    }
}

/// As a browser writes a time of day.
const TIME: &str = "%H:%M";

fn read_time(text: &str) -> Option<NaiveTime> {
    let read = NaiveTime::parse_from_str(text, TIME);
    read.or_else(|_| NaiveTime::parse_from_str(text, "%H:%M:%S"))
        .ok()
}

pub(super) const OPENS_HINT: &str = "「時間を決めて受け付ける」のときに入力します。";
pub(super) const CLOSES_HINT: &str = "「時間を決めて受け付ける」か「終了の時刻だけを変える」のときに入力します。終了の時刻ちょうどは、受付時間外です。";

type F<'c> = Field<'c, Day>;

fn time(
    name: &'static str,
    label: &'static str,
    access: Access<Day, Option<NaiveTime>>,
) -> F<'static> {
    let Access { get, get_mut } = access;
    let field = F::custom(
        Input::Time,
        name,
        label,
        move |day| {
            let time = get(day).map(|time| time.format(TIME).to_string());
            time.unwrap_or_default()
        },
        move |day, text| {
            let wrong = || format!("{label}の時刻を、8:00 のように入力してください");
            *get_mut(day) = match text {
                "" => None,
                text => Some(read_time(text).ok_or_else(wrong)?),
            };
            Ok(())
        },
    );
    field
        .shown_by(|value| read_time(value).map_or_else(String::new, clock))
        .listed()
}

pub(super) fn fields() -> Vec<F<'static>> {
    vec![
        F::read_only("calendar", "受付カレンダー", |day| {
            calendar_name(day.calendar.as_deref()).to_owned()
        })
        .listed(),
        F::read_only("date", "日付", |day| day.date.to_string()).listed(),
        F::one_of("rule", "この日の扱い", RULES, access!(rule))
            .radio()
            .short("扱い")
            .listed(),
        time("opens", "開始", access!(opens)).hint(OPENS_HINT),
        time("closes", "終了", access!(closes)).hint(CLOSES_HINT),
        F::text("note", "理由(省略可)", access!(note))
            .short("理由")
            .hint(format!("{NOTE_LETTERS}文字以内"))
            .listed(),
    ]
}

impl Record for Day {
    type Permit = ManageCalendar;

    const SCREEN: Screen = Screen {
        kind: KIND,
        action: Action::CalendarChange,
        effect: Effect::Desk(None),
        menu: (HERE, "受付カレンダー"),
        label: "受付カレンダー",
        not_found: "この日",
        list: HERE,
        one: HERE,
        takes_effect: "保存すると、すぐに電話の受付に反映されます。待っている人がいるときは、回線の「受付終了時の扱い」に従います。",
        ..Screen::DESK
    };

    fn fields<'c>(_: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        fields()
    }

    fn blank(context: &Context<'_>) -> Self {
        Self::usual(context.now.date(), None)
    }

    fn title(&self, context: &Context<'_>) -> String {
        let date = context.web.settings.dates.date(self.date);
        let title = format!("{date}({})", text::weekday(self.date));
        match &self.calendar {
            None => title,
            Some(calendar) => format!("{calendar}　{title}"),
        }
    }

    fn check(&self, _: Option<&Self>, context: &Context<'_>) -> Vec<FieldError> {
        let calendars = context.web.desk.calendars();
        let calendar = self.calendar.as_deref();
        let mut faults = self.faults(calendars.named(calendar).opens_on(self.date));
        if calendar.is_some_and(|name| !calendars.has(name)) {
            faults.push(FieldError::new("", "この受付カレンダーは、もうありません"));
        }
        faults
    }

    fn initial(id: &str) -> Option<Self> {
        let (date, calendar) = read_id(id).ok()?;
        Some(Self::usual(date, calendar))
    }

    fn is_kept(&self) -> bool {
        self.rule != Rule::Usual
    }

    fn facts(&self, context: &Context<'_>) -> Facts {
        let calendars = context.web.desk.calendars();
        let calendar = calendars.named(self.calendar.as_deref());
        let told = |hours| format!("{}　{}", reason(&hours), hours_text(&hours));
        vec![
            ("現在の扱い".into(), told(calendar.day_hours(self.date))),
            (
                "規則どおりの場合".into(),
                told(calendar.usual_hours(self.date)),
            ),
        ]
    }

    fn links(&self) -> Vec<(String, &'static str)> {
        let link = |date: Option<NaiveDate>| {
            let other = date.map_or_else(|| self.clone(), |date| self.on(date));
            Self::path(&other.id())
        };
        vec![
            (link(self.date.pred_opt()), "前の日"),
            (link(self.date.succ_opt()), "次の日"),
        ]
    }

    fn settled(self, _: Option<&Self>, _: &Context<'_>) -> Settled<Self> {
        (self.plain(), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_kept_as_the_desk_reads_it_and_read_as_it_was() {
        let date: NaiveDate = "2026-12-28".parse().unwrap();
        for kept in [
            r#"{"date":"2026-12-28","rule":"closed","note":"停電"}"#,
            r#"{"date":"2026-12-28","rule":"open","opens":"09:00:00","closes":"12:00:00"}"#,
            r#"{"date":"2026-12-28","rule":"until","closes":"15:00:00"}"#,
            r#"{"date":"2026-12-28","rule":"special_day"}"#,
        ] {
            let day: Day = serde_json::from_str(kept).unwrap();
            assert_eq!(serde_json::to_string(&day).unwrap(), kept);
            assert!(day.is_kept() && day.date == date);
        }
        assert!(!Day::usual(date, None).is_kept());
        let of_line = Day::initial("2026-12-28@MACS").unwrap();
        assert_eq!(of_line.calendar.as_deref(), Some("MACS"));
        assert_eq!(of_line.id(), "2026-12-28@MACS");
    }

    #[test]
    fn what_is_missing_or_cannot_be_meant_stands_at_its_field() {
        let usual = read_time("08:00").unwrap();
        let day = |rule, opens: &str, closes: &str| Day {
            rule,
            opens: read_time(opens),
            closes: read_time(closes),
            ..Day::usual("2026-12-28".parse().unwrap(), None)
        };
        let fields = |day: Day| -> Vec<String> {
            let faults = day.faults(usual).into_iter();
            faults.map(|fault| fault.field.to_string()).collect()
        };
        assert_eq!(fields(day(Rule::Open, "", "")), ["opens", "closes"]);
        assert_eq!(fields(day(Rule::Open, "12:00", "09:00")), ["closes"]);
        assert_eq!(fields(day(Rule::Until, "", "08:00")), ["closes"]);
        assert!(fields(day(Rule::Closed, "12:00", "09:00")).is_empty());
    }
}
