//! The list of people.

use madoguchi_core::access::{HandleTickets, Permission};
use madoguchi_core::audit::Action;
use madoguchi_core::person::Person;
use madoguchi_store::{Page, PersonFilter, Start, StoreError};

use super::paths::{HERE, place};
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::table::{Column, Info, Links, Listing, Order, UP, Value};
use crate::kit::table_filter::{Filter, FilterValues};
use crate::query::Choice;
use crate::state::Web;
use crate::text::DateStyle;

const LEFT: [(&str, &str); 2] = [("", "含まない"), ("also", "含む")];

pub(super) struct PersonList;

type C = Column<PersonList>;

impl Listing for PersonList {
    type Permit = HandleTickets;
    type Row = Person;
    type Filter = PersonFilter;
    type Order = ();
    type Context = DateStyle;

    const INFO: Info = Info {
        page: HERE,
        file: "/people/download",
        name: "people",
        title: "職員名簿",
        unit: "人",
        counted: true,
        empty: "この条件の人はいません。言葉を変えるか、職員名簿を取り込んでください。",
        rows: 50,
    };
    const COLUMNS: &'static [Column<Self>] = &[
        C::new("id", "職員番号", 14, |person, _| {
            Value::text(person.id.as_str())
        })
        .link(|person| place(&person.id))
        .orders(&[Order("", UP, ())]),
        C::new("name", "氏名", 18, |person, _| Value::text(&person.name)),
        C::new("kana", "氏名(カナ)", 18, |person, _| {
            Value::text(&person.kana)
        }),
        C::new("site", "拠点", 20, |person, _| Value::text(&person.site)),
        C::new("department", "部署", 18, |person, _| {
            Value::text(&person.department)
        }),
        C::new("numbers", "電話番号", 28, |person, _| {
            Value::Text(person.numbers.join("、"))
        }),
        C::new("mail", "メールアドレス", 24, |person, _| {
            Value::text(&person.mail)
        })
        .in_files(),
        C::new("left_on", "退職日", 14, |person, dates| {
            match person.left_on {
                Some(day) => Value::Mark("past", dates.date(day)),
                None => Value::Nothing(""),
            }
        }),
    ];
    const VIEWED: Option<Action> = Some(Action::PeopleView);

    fn filters(_: &Web, _: &FilterValues) -> Vec<Filter> {
        vec![
            Filter::text("word", "氏名・番号・拠点など"),
            Filter {
                kind: "select",
                choices: Choice::list(LEFT, ""),
                ..Filter::text("left", "退職・転出した人")
            },
        ]
    }

    fn filter(_: &Web, asked: &FilterValues, (): ()) -> Result<PersonFilter, WebError> {
        Ok(PersonFilter {
            word: asked.get("word").to_owned(),
            left: !asked.get("left").is_empty(),
        })
    }

    fn context(web: &Web) -> DateStyle {
        web.settings.dates
    }

    async fn page(
        web: &Web,
        filter: &PersonFilter,
        start: Start,
        limit: u32,
    ) -> Result<Page<Person>, StoreError> {
        web.store.page_people(filter, (&start, limit)).await
    }

    async fn count(web: &Web, filter: &PersonFilter, at_most: u32) -> Result<u64, StoreError> {
        web.store.count_people_found(filter, at_most).await
    }

    async fn links(_: &Web, visitor: &Visitor) -> Result<Links, WebError> {
        let mut links = Links::default();
        if visitor.permissions.contains(Permission::ManagePeople) {
            links.buttons.push(("職員名簿を取り込む", "/people/import"));
        }
        Ok(links)
    }
}
