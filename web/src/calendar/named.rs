//! 受付カレンダー of lines and 業務区分: what differs from the desk's, by rules. Single days have pages of
//! their own.

use madoguchi_core::access::ManageCalendar;
use madoguchi_core::audit::Action;
use madoguchi_core::hours::{OpenHours, OpenHoursFault, WeekdayHours};
use madoguchi_core::setup::{
    CALENDAR, CALENDAR_NAME_LETTERS, CalendarConfig, DayOfWeek, FieldError, Part,
};

use super::day::HERE;
use crate::kit::field::{Access, Field, access};
use crate::kit::fields::Facts;
use crate::kit::form::Input;
use crate::kit::record::{Context, Effect, Listed, Record, Removable, Screen};
use crate::kit::value::{NO, YES};
use crate::query::escape;

type F<'c> = Field<'c, CalendarConfig>;

const CLOSED: &str = "休み";
const WEEK_HINT: &str =
    "9:00-12:00 のように入力します。受付をしない曜日は「休み」です。空欄は、上の規則どおりです。";
const AS_THE_DESK: &str = "窓口全体と同じ";

/// The days of the week, with the names of their fields and their labels.
const WEEK: [(DayOfWeek, &str, &str); 7] = [
    (DayOfWeek::Mon, "mon", "月曜日(省略可)"),
    (DayOfWeek::Tue, "tue", "火曜日(省略可)"),
    (DayOfWeek::Wed, "wed", "水曜日(省略可)"),
    (DayOfWeek::Thu, "thu", "木曜日(省略可)"),
    (DayOfWeek::Fri, "fri", "金曜日(省略可)"),
    (DayOfWeek::Sat, "sat", "土曜日(省略可)"),
    (DayOfWeek::Sun, "sun", "日曜日(省略可)"),
];

fn hours_field() -> F<'static> {
    F::custom(
        Input::Text,
        "hours",
        "受付時間(省略可)",
        |calendar: &CalendarConfig| calendar.hours.map_or_else(String::new, |it| it.to_string()),
        |calendar: &mut CalendarConfig, text| {
            let read = (!text.is_empty()).then(|| text.parse::<OpenHours>());
            calendar.hours = read.transpose().map_err(|fault| fault.to_string())?;
            Ok(())
        },
    )
    .section("受付時間")
    .short("受付時間")
    .word("", AS_THE_DESK)
    .hint(
        "8:15-20:00 のように入力します。日の終わりは24:00です。空欄は、窓口全体と同じになります。",
    )
    .listed()
}

fn weekday(day: DayOfWeek, name: &'static str, label: &'static str) -> F<'static> {
    F::custom(
        Input::Text,
        name,
        label,
        move |calendar: &CalendarConfig| match calendar.week.get(&day) {
            None => String::new(),
            Some(WeekdayHours::Closed) => CLOSED.to_owned(),
            Some(WeekdayHours::Open(hours)) => hours.to_string(),
        },
        move |calendar: &mut CalendarConfig, text| {
            let read = match text {
                "" => {
                    calendar.week.remove(&day);
                    return Ok(());
                }
                CLOSED => Ok(WeekdayHours::Closed),
                text => text.parse::<OpenHours>().map(WeekdayHours::Open),
            };
            let told = |fault: OpenHoursFault| format!("{fault}。休みの日は「{CLOSED}」です");
            calendar.week.insert(day, read.map_err(told)?);
            Ok(())
        },
    )
}

fn choice(
    name: &'static str,
    label: &'static str,
    access: Access<CalendarConfig, Option<bool>>,
) -> F<'static> {
    let choices = [("", AS_THE_DESK), (YES, "受け付ける"), (NO, "受け付けない")];
    F::select(name, label, choices, access)
}

impl Record for CalendarConfig {
    type Permit = ManageCalendar;

    const SCREEN: Screen = Screen {
        kind: CALENDAR,
        action: Action::CalendarRulesChange,
        effect: Effect::Desk(Some(Part::Calendar)),
        menu: (HERE, "受付カレンダー"),
        label: "回線・業務区分の受付カレンダー",
        not_found: "この受付カレンダー",
        about: "窓口全体と受付時間の違う回線や業務区分の受付カレンダーです。ここで作り、回線と業務区分の画面で選びます。書かない項目は、窓口全体と同じになります。",
        list: "/admin/calendars",
        one: "/admin/calendars/named",
        takes_effect: "保存すると、このカレンダーを使う回線の電話の受付に、すぐに反映されます。",
        ..Screen::DESK
    };

    fn fields<'c>(context: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        let mut fields = vec![
            F::text("name", "名前", access!(name))
                .section("名前")
                .hint(format!(
                    "登録した後は変えられません。{CALENDAR_NAME_LETTERS}文字以内"
                ))
                .required()
                .once()
                .listed(),
            hours_field(),
        ];
        let week = WEEK.map(|(day, name, label)| {
            let field = weekday(day, name, label);
            match day {
                DayOfWeek::Mon => field.section("曜日ごとに違う場合").hint(WEEK_HINT),
                _ => field,
            }
        });
        fields.extend(week);
        fields.extend([
            choice("second_saturday", "第2土曜日", access!(second_saturday))
                .section("受け付ける日")
                .listed(),
            choice("open_on_holidays", "国民の祝日", access!(open_on_holidays)),
            choice(
                "open_at_year_end",
                "年末年始(12月29日から1月3日まで)",
                access!(open_at_year_end),
            )
            .short("年末年始"),
            choice("every_day", "休日を含む毎日", access!(every_day)),
            F::listed_only("lines", "使っている回線", |calendar| {
                lines(context, &calendar.name)
            }),
        ]);
        fields
    }

    fn blank(_: &Context<'_>) -> Self {
        Self::default()
    }

    fn title(&self, _: &Context<'_>) -> String {
        self.name.clone()
    }

    fn new_id(&self) -> String {
        self.name.clone()
    }

    fn check(&self, _: Option<&Self>, _: &Context<'_>) -> Vec<FieldError> {
        self.faults()
    }

    fn facts(&self, context: &Context<'_>) -> Facts {
        let lines = lines(context, &self.name);
        let lines = if lines.is_empty() {
            "なし".to_owned()
        } else {
            lines
        };
        vec![("使っている回線".into(), lines)]
    }

    fn links(&self) -> Vec<(String, &'static str)> {
        let year = format!("{HERE}?calendar={}", escape(&self.name));
        vec![(year, "このカレンダーの1年を見る・1日ずつ変える")]
    }

    fn of_file(context: &Context<'_>) -> Option<Self> {
        let found = context.setup.calendar(context.id);
        Some(found.filter(|one| one.by_file)?.config.clone())
    }

    fn in_force(context: &Context<'_>) -> Option<Vec<Listed<Self>>> {
        let listed = context.setup.calendars.iter().map(|one| Listed {
            id: one.config.name.clone(),
            record: one.config.clone(),
            by_file: one.by_file,
        });
        Some(listed.collect())
    }

    fn can_remove(&self) -> bool {
        true
    }
}

impl Removable for CalendarConfig {
    fn consequences(&self, context: &Context<'_>) -> Vec<String> {
        let lines = lines(context, &self.name);
        let mut told = Vec::new();
        if !lines.is_empty() {
            told.push(format!(
                "次の回線が使っているので、先に回線の画面でほかの受付カレンダーを選んでください: {lines}"
            ));
        }
        told.push(
            "この受付カレンダーで一次回答の期限を数える業務区分は、窓口全体の受付カレンダーで数えます。"
                .to_owned(),
        );
        told
    }
}

/// The names of the lines that have chosen a calendar.
fn lines(context: &Context<'_>, name: &str) -> String {
    let lines = context.setup.lines.iter().map(|line| &line.config);
    let chosen = lines.filter(|line| line.calendar.as_deref() == Some(name));
    let names: Vec<_> = chosen.map(|line| line.name.as_str()).collect();
    names.join("、")
}

/// The calendars that a line or a 業務区分 may choose, as a form has them.
pub(crate) fn choices(context: &Context<'_>) -> Vec<(String, String)> {
    let named = context.setup.calendars.iter().map(|one| {
        let name = one.config.name.clone();
        (name.clone(), name)
    });
    let desk = (String::new(), "窓口全体の受付カレンダー".to_owned());
    std::iter::once(desk).chain(named).collect()
}
