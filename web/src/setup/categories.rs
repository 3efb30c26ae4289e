//! 分類 on screens: a tree of two levels. Categories are retired, never removed.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::access::ManageDesk;
use madoguchi_core::audit::Action;
use madoguchi_core::setup::{
    CATEGORY, CATEGORY_NAME_LETTERS, CATEGORY_NOTE_LETTERS, Categories, Category, Fault, Part,
};
use serde::Deserialize;

use super::form::{Field, Section, Values};
use super::keep::{Kept, put};
use super::page::{Shown, create, new_page, page, save, show};
use super::screen::{Button, Facts, HERE, Read, Row, SettingScreen, SetupContext};
use super::{removal, restore};
use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::auth::token;
use crate::error::WebError;
use crate::query::DoneQuery;
use crate::shell::Shell;
use crate::state::Web;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/admin/desk/categories", list)
        .get("/admin/desk/categories/new", new_page::<Category>)
        .post("/admin/desk/categories/new", create::<Category>)
        .get("/admin/desk/category/{id}", page::<Category>)
        .post("/admin/desk/category/{id}", save::<Category>)
        .post("/admin/desk/category/{id}/move", move_category)
        .get(
            "/admin/desk/category/{id}/remove",
            removal::page::<Category>,
        )
        .post(
            "/admin/desk/category/{id}/remove",
            removal::remove::<Category>,
        )
        .post("/admin/desk/category/{id}/revive", revive)
        .post(
            "/admin/desk/category/{id}/restore",
            restore::restore::<Category>,
        )
}

#[derive(Template)]
#[template(path = "desk_categories.html")]
struct CategoriesPage {
    shell: Shell,
    rows: Vec<CategoryRow>,
    retired: Vec<CategoryRow>,
}

struct CategoryRow {
    link: String,
    name: String,
    note: String,
    lower: bool,
    can_rise: bool,
    can_fall: bool,
}

async fn list(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
    Query(query): Query<DoneQuery>,
) -> Result<Html<String>, WebError> {
    let setup = web.desk.setup();
    let categories = &setup.categories;
    let row = |id: &str, category: &Category| CategoryRow {
        link: Category::place(id),
        name: category.name.clone(),
        note: category.note.clone(),
        lower: category.parent.is_some(),
        can_rise: !categories.moved(id, true).is_empty(),
        can_fall: !categories.moved(id, false).is_empty(),
    };
    let (mut rows, mut retired) = (Vec::new(), Vec::new());
    for (id, category) in categories.tree() {
        if categories.is_retired(category) {
            retired.push(row(id, category));
        } else {
            rows.push(row(id, category));
        }
    }
    let page = CategoriesPage {
        shell: Shell::new(&web, Some(&visitor), HERE).done(&query.done),
        rows,
        retired,
    };
    Ok(Html(page.render()?))
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct MoveForm {
    to: String,
}

/// Trades places with the category above or below.
async fn move_category(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<MoveForm>,
) -> Result<Redirect, WebError> {
    let around = SetupContext::of(&web);
    let mut changes = Vec::new();
    for (moved, category) in around.setup.categories.moved(&id, form.to == "up") {
        let kept = Kept::<Category>::get(&web, &moved).await?;
        changes.push(kept.change(&visitor, &around, Some(&category), kept.version)?);
    }
    if changes.is_empty() {
        return Err(WebError::NotFound(Category::NOT_FOUND));
    }
    match put::<Category>(&web, &id, &changes).await? {
        Ok(()) => Ok(Redirect::to("/admin/desk/categories?done=moved")),
        Err(fault) => Err(WebError::BadRequest(format!("{}。", fault.message))),
    }
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct ReviveForm {
    version: i64,
}

/// Offers a retired category again.
async fn revive(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<ReviveForm>,
) -> Result<Response, WebError> {
    let around = SetupContext::of(&web);
    let kept = Kept::<Category>::get(&web, &id).await?;
    let category = kept.thing.as_ref();
    let category = category.ok_or(WebError::NotFound(Category::NOT_FOUND))?;
    let after = Category {
        retired: false,
        ..category.clone()
    };
    let change = kept.change(&visitor, &around, Some(&after), form.version)?;
    match put::<Category>(&web, &id, &[change]).await? {
        Ok(()) => {
            let place = format!("{}?done=enabled", Category::place(&id));
            Ok(Redirect::to(&place).into_response())
        }
        Err(fault) => {
            let shown = Shown {
                faults: vec![fault],
                ..Shown::default()
            };
            show::<Category>(&web, &visitor, &id, shown).await
        }
    }
}

impl SettingScreen for Category {
    const KIND: &'static str = CATEGORY;
    const ACTION: Action = Action::CategoryChange;
    const PART: Option<Part> = None;
    const LABEL: &'static str = "分類";
    const NOT_FOUND: &'static str = "この分類";
    const ABOUT: &'static str = "";
    const LIST: &'static str = "/admin/desk/categories";
    const PLACE: &'static str = "/admin/desk/category";
    const COLUMNS: &'static [&'static str] = &[];
    const ID_FIELD: &'static str = "name";
    const REMOVE: &'static str = "廃止";
    const REMOVED: &'static str = "retired";

    fn rows(_: &SetupContext<'_>) -> Vec<Row> {
        Vec::new()
    }

    fn of_file(_: &SetupContext<'_>, _: &str) -> Option<(String, Facts)> {
        None
    }

    fn initial(id: &str) -> Option<Self> {
        Categories::default().get(id).cloned()
    }

    fn new_id(&self) -> String {
        token::new_id()
    }

    fn title(&self) -> String {
        self.name.clone()
    }

    fn facts(&self, around: &SetupContext<'_>) -> Facts {
        let parent = self.parent.as_deref();
        let parent = parent.and_then(|id| around.setup.categories.get(id));
        let state = if self.retired { "廃止" } else { "使用中" };
        vec![
            ("名前", self.name.clone()),
            (
                "上位の分類",
                parent.map_or_else(|| "なし".to_owned(), |parent| parent.name.clone()),
            ),
            ("並び順", self.order.to_string()),
            ("説明", self.note.clone()),
            ("状態", state.to_owned()),
        ]
    }

    fn notes(&self, around: &SetupContext<'_>) -> Vec<String> {
        let note = if self.retired {
            "この分類は廃止されています。新しい問合せには選べませんが、これまでの記録には残ります。"
        } else if around.setup.categories.is_retired(self) {
            "上位の分類が廃止されているため、新しい問合せには選べません。"
        } else {
            return Vec::new();
        };
        vec![note.to_owned()]
    }

    fn buttons(&self, place: &str) -> Vec<Button> {
        if !self.retired {
            return Vec::new();
        }
        vec![Button {
            action: format!("{place}/revive"),
            label: "利用を再開する",
            confirm: "",
        }]
    }

    fn blank(_: &SetupContext<'_>) -> Values {
        Values::default()
    }

    fn values(&self) -> Values {
        let mut values = Values::default();
        values.set("name", &self.name);
        values.set("parent", self.parent.as_deref().unwrap_or(""));
        values.set("note", &self.note);
        values
    }

    fn sections(
        values: &Values,
        around: &SetupContext<'_>,
        of: Option<(&str, &Self)>,
    ) -> Vec<Section> {
        let this = of.map_or("", |(id, _)| id);
        let upper = around.setup.categories.under(None).into_iter();
        let chosen = values.get("parent").to_owned();
        let upper = upper
            .filter(|(id, category)| *id != this && (!category.retired || *id == chosen))
            .map(|(id, category)| (id, category.name.as_str()));
        let upper = std::iter::once(("", "なし(上位の分類にする)")).chain(upper);
        let name = Field::text(values, "name", "名前").required();
        vec![Section::new(
            "分類",
            vec![
                name.hint(format!("{CATEGORY_NAME_LETTERS}文字以内")),
                Field::select(values, "parent", "上位の分類", upper),
                Field::area(values, "note", "説明(省略可)").hint(format!(
                    "どの問合せを入れるかの目安。{CATEGORY_NOTE_LETTERS}文字以内"
                )),
            ],
        )]
    }

    fn read(
        values: &Values,
        around: &SetupContext<'_>,
        of: Option<(&str, &Self)>,
    ) -> Result<Read<Self>, Vec<Fault>> {
        let categories = &around.setup.categories;
        let parent = values.given("parent");
        let before = of.map(|(_, before)| before);
        // One that is new or moves to another row comes last there.
        let stays = before.filter(|before| before.parent == parent);
        let category = Self {
            name: values.get("name").to_owned(),
            order: stays.map_or_else(
                || categories.last_order(parent.as_deref()),
                |before| before.order,
            ),
            parent,
            retired: before.is_some_and(|before| before.retired),
            note: values.get("note").replace("\r\n", "\n"),
        };
        let faults = categories.faults(of.map_or("", |(id, _)| id), &category);
        if faults.is_empty() {
            Ok((category, None))
        } else {
            Err(faults)
        }
    }

    fn can_remove(&self) -> bool {
        !self.retired
    }

    fn removed(&self) -> Option<Self> {
        Some(Self {
            retired: true,
            ..self.clone()
        })
    }

    fn consequences(&self, id: &str, around: &SetupContext<'_>) -> Vec<String> {
        let lower = around.setup.categories.under(Some(id));
        let lower: Vec<_> = lower
            .iter()
            .map(|(_, category)| category.name.as_str())
            .collect();
        let mut told = vec!["新しい問合せには選べなくなります。".to_owned()];
        if !lower.is_empty() {
            let lower = lower.join("、");
            told.push(format!("次の下位の分類も選べなくなります: {lower}"));
        }
        told.push("これまでの問合せの記録と集計には、この分類が残ります。".to_owned());
        told.push("いつでも利用を再開できます。".to_owned());
        told
    }
}
