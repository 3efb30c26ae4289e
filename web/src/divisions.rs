//! 業務区分 on screens: what is counted apart, with hours and limits of its own. They are retired, never
//! removed.

use chrono::NaiveTime;
use madoguchi_core::access::ManageDesk;
use madoguchi_core::audit::Action;
use madoguchi_core::id::{DivisionId, LineName};
use madoguchi_core::service::{
    AnswerTarget, DIVISION, DIVISION_NAME_LETTERS, Division, Divisions, ServiceHours,
};
use madoguchi_core::setup::FieldError;

use crate::auth::routes::Routes;
use crate::calendar;
use crate::feature::Feature;
use crate::kit::field::{Access, Field, access};
use crate::kit::form::Input;
use crate::kit::record::{Context, Effect, Listed, Record, Removable, Screen, audit_fields};
use crate::kit::record_routes;

pub(crate) const FEATURE: Feature = Feature::new(routes).audit(&[audit_fields::<Division>]);

fn routes() -> Routes {
    record_routes!(removable Division, list: "/admin/desk/divisions", one: "/admin/desk/division")
}

type F<'c> = Field<'c, Division>;

/// How times of the day are written.
const TIME: &str = "%H:%M";
const MIDNIGHT: &str = "24:00";

/// The target for all systems.
const ANSWER: Access<Division, AnswerTarget> = access!(answer);

fn read_time(text: &str) -> Result<Option<NaiveTime>, String> {
    match text {
        "" | MIDNIGHT => Ok(None),
        text => NaiveTime::parse_from_str(text, TIME)
            .map(Some)
            .map_err(|_| "時刻を、8:30 のように入力してください".to_owned()),
    }
}

fn opens(target: &AnswerTarget) -> String {
    let hours = target.hours.as_ref();
    hours.map_or_else(String::new, |hours| {
        hours.opens.format("%-H:%M").to_string()
    })
}

fn closes(target: &AnswerTarget) -> String {
    let Some(hours) = &target.hours else {
        return String::new();
    };
    let closes = hours
        .closes
        .map(|closes| closes.format("%-H:%M").to_string());
    closes.unwrap_or_else(|| MIDNIGHT.to_owned())
}

/// Sets from when the hours are; blank for those of the reception calendar.
fn set_opens(target: &mut AnswerTarget, text: &str) -> Result<(), String> {
    target.hours = read_time(text)?.map(|opens| ServiceHours {
        opens,
        closes: None,
        every_day: target.hours.is_some_and(|hours| hours.every_day),
    });
    Ok(())
}

fn set_closes(target: &mut AnswerTarget, text: &str) -> Result<(), String> {
    let closes = read_time(text)?;
    match &mut target.hours {
        Some(hours) => hours.closes = closes,
        None if !text.is_empty() => {
            return Err("始まりの時刻も入力してください".to_owned());
        }
        None => {}
    }
    Ok(())
}

/// The target for MACS, to be set.
fn macs(division: &mut Division) -> &mut AnswerTarget {
    let usual = &division.answer;
    division.macs.get_or_insert_with(|| usual.clone())
}

fn of_macs(division: &Division, told: fn(&AnswerTarget) -> String) -> String {
    division.macs.as_ref().map_or_else(String::new, told)
}

fn minutes(text: &str) -> Result<u32, String> {
    crate::kit::value::FieldValue::from_text(text).map_err(str::to_owned)
}

impl Record for Division {
    type Permit = ManageDesk;

    const SCREEN: Screen = Screen {
        kind: DIVISION,
        action: Action::DivisionChange,
        effect: Effect::Stored,
        label: "業務区分",
        not_found: "この業務区分",
        about: "件数と時間を別に数える区分です。一次回答の期限と、期限を数える時間を定めます。",
        list: "/admin/desk/divisions",
        one: "/admin/desk/division",
        remove: "廃止",
        removed: "retired",
        ..Screen::DESK
    };

    fn fields<'c>(context: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        let Access { get, get_mut } = ANSWER;
        let calendars = || calendar::choices(context);
        vec![
            F::text("name", "名前", access!(name))
                .section("業務区分")
                .hint(format!("{DIVISION_NAME_LETTERS}文字以内"))
                .required()
                .listed(),
            F::number("order", "並び順", "", access!(order)).hint("小さいものから並べます。"),
            F::custom(
                Input::Lines,
                "lines",
                "回線(省略可)",
                |division: &Self| {
                    let lines = division.lines.iter().map(LineName::as_str);
                    lines.collect::<Vec<_>>().join("\n")
                },
                |division: &mut Self, text| {
                    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                    division.lines = lines.map(LineName::new).collect();
                    Ok(())
                },
            )
            .short("回線")
            .hint("この区分になる回線の名前。1行に1つ")
            .listed(),
            F::number(
                "limit_min",
                "一次回答の期限",
                "分",
                access!(answer.limit_min),
            )
            .section("一次回答")
            .required()
            .listed(),
            F::number(
                "near_min",
                "期限が近いとする時間",
                "分前",
                access!(answer.near_min),
            )
            .required(),
            F::select(
                "calendar",
                "受付カレンダー",
                calendars(),
                access!(answer.calendar),
            )
            .hint("期限を数える日と時間です。"),
            F::custom(
                Input::Text,
                "opens",
                "期限を数える時間の始まり(省略可)",
                move |division: &Self| opens(get(division)),
                move |division: &mut Self, text| set_opens(get_mut(division), text),
            )
            .short("始まり")
            .word("", "受付カレンダーのとおり")
            .hint("空欄は、受付カレンダーの受付時間になります。"),
            F::custom(
                Input::Text,
                "closes",
                "期限を数える時間の終わり(省略可)",
                move |division: &Self| closes(get(division)),
                move |division: &mut Self, text| set_closes(get_mut(division), text),
            )
            .short("終わり")
            .hint("空欄は24:00になります。"),
            F::custom(
                Input::Number,
                "macs_limit_min",
                "MACSの一次回答の期限(省略可)",
                |division: &Self| of_macs(division, |target| target.limit_min.to_string()),
                |division: &mut Self, text| {
                    if text.is_empty() {
                        division.macs = None;
                    } else {
                        macs(division).limit_min = minutes(text)?;
                    }
                    Ok(())
                },
            )
            .unit("分")
            .section("MACSの問合せだけ違う場合")
            .short("MACSの期限")
            .hint("空欄は、上と同じになります。"),
            F::custom(
                Input::Select,
                "macs_calendar",
                "MACSの受付カレンダー",
                |division: &Self| {
                    of_macs(division, |target| {
                        target.calendar.clone().unwrap_or_default()
                    })
                },
                |division: &mut Self, text| {
                    if let Some(target) = &mut division.macs {
                        target.calendar = (!text.is_empty()).then(|| text.to_owned());
                    }
                    Ok(())
                },
            )
            .choices(calendars()),
            F::custom(
                Input::Text,
                "macs_opens",
                "MACSの期限を数える時間の始まり(省略可)",
                |division: &Self| of_macs(division, opens),
                |division: &mut Self, text| match &mut division.macs {
                    Some(target) => set_opens(target, text),
                    None => Ok(()),
                },
            )
            .short("MACSの始まり"),
            F::custom(
                Input::Text,
                "macs_closes",
                "MACSの期限を数える時間の終わり(省略可)",
                |division: &Self| of_macs(division, closes),
                |division: &mut Self, text| match &mut division.macs {
                    Some(target) => set_closes(target, text),
                    None => Ok(()),
                },
            )
            .short("MACSの終わり"),
            F::check("retired", "廃止する", ("廃止", ""), access!(retired))
                .section("廃止")
                .short("廃止")
                .hint("新しい問合せには選べなくなります。これまでの記録と集計には残ります。")
                .listed(),
        ]
    }

    fn blank(_: &Context<'_>) -> Self {
        Self {
            name: String::new(),
            order: 30,
            lines: Vec::new(),
            answer: AnswerTarget {
                limit_min: 30,
                near_min: 10,
                calendar: None,
                hours: None,
            },
            macs: None,
            retired: false,
        }
    }

    fn title(&self, _: &Context<'_>) -> String {
        self.name.clone()
    }

    fn check(&self, _: Option<&Self>, context: &Context<'_>) -> Vec<FieldError> {
        let mut faults = self.faults();
        let of_macs = self.macs.as_ref();
        let chosen = [
            ("calendar", self.answer.calendar.as_ref()),
            (
                "macs_calendar",
                of_macs.and_then(|target| target.calendar.as_ref()),
            ),
        ];
        for (field, name) in chosen {
            if name.is_some_and(|name| context.setup.calendar(name).is_none()) {
                faults.push(FieldError::new(field, "一覧から選んでください"));
            }
        }
        faults
    }

    fn initial(id: &str) -> Option<Self> {
        Divisions::default().get(&DivisionId::new(id)).cloned()
    }

    fn before_screens(list: &[Listed<Self>]) -> Vec<Listed<Self>> {
        let defaults = Divisions::default();
        let unset = defaults.list().into_iter();
        let unset = unset.filter(|(id, _)| list.iter().all(|one| one.id != id.as_str()));
        unset
            .map(|(id, division)| Listed {
                id: id.to_string(),
                record: division.clone(),
                by_file: false,
            })
            .collect()
    }

    fn sort(list: &mut [Listed<Self>]) {
        list.sort_by_key(|one| one.record.order);
    }

    fn can_remove(&self) -> bool {
        !self.retired
    }
}

impl Removable for Division {
    fn remains(&self) -> Option<Self> {
        Some(Self {
            retired: true,
            ..self.clone()
        })
    }

    fn consequences(&self, _: &Context<'_>) -> Vec<String> {
        vec![
            "新しい問合せには選べなくなります。".to_owned(),
            "これまでの問合せの記録と集計には、この区分が残ります。".to_owned(),
        ]
    }
}
