//! 分類 on screens: a tree of two levels. Categories are retired, never removed.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::access::ManageDesk;
use madoguchi_core::audit::Action;
use madoguchi_core::id::CategoryId;
use madoguchi_core::setup::{
    CATEGORY, CATEGORY_NAME_LETTERS, CATEGORY_NOTE_LETTERS, Categories, Category, FieldError,
};
use serde::Deserialize;

use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::error::WebError;
use crate::kit::field::{Field, access};
use crate::kit::page::{Shown, create, new_page, page, save, show};
use crate::kit::record::{Button, Context, Record, Removable, Screen, Settled};
use crate::kit::versioned::{Versioned, save as save_changes};
use crate::kit::{removal, restore};
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
    let row = |id: &CategoryId, category: &Category| CategoryRow {
        link: Category::SCREEN.path(id.as_str()),
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
        shell: Shell::new(&web, Some(&visitor), Screen::DESK.menu.0).done(&web, &query.done),
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
    let context = Context::new(&web, &id);
    let mut changes = Vec::new();
    for (moved, category) in context
        .setup
        .categories
        .moved(&id.as_str().into(), form.to == "up")
    {
        let kept = Versioned::<Category>::get(&web, moved.as_str()).await?;
        changes.push(kept.change(&visitor, &context, Some(&category), kept.version)?);
    }
    if changes.is_empty() {
        return Err(WebError::NotFound(Category::SCREEN.not_found));
    }
    match save_changes::<Category>(&web, &id, changes).await? {
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
    let context = Context::new(&web, &id);
    let kept = Versioned::<Category>::get(&web, &id).await?;
    let category = kept.record.as_ref();
    let category = category.ok_or(WebError::NotFound(Category::SCREEN.not_found))?;
    let after = Category {
        retired: false,
        ..category.clone()
    };
    let change = kept.change(&visitor, &context, Some(&after), form.version)?;
    match save_changes::<Category>(&web, &id, vec![change]).await? {
        Ok(()) => {
            let place = format!("{}?done=enabled", Category::SCREEN.path(&id));
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

type F<'c> = Field<'c, Category>;

impl Record for Category {
    type Permit = ManageDesk;

    const SCREEN: Screen = Screen {
        kind: CATEGORY,
        action: Action::CategoryChange,
        label: "分類",
        not_found: "この分類",
        list: "/admin/desk/categories",
        one: "/admin/desk/category",
        remove: "廃止",
        removed: "retired",
        ..Screen::DESK
    };

    fn fields<'c>(context: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        let categories = &context.setup.categories;
        let own = categories.get(&context.id.into());
        let chosen = own.and_then(|own| own.parent.as_ref());
        let upper = categories.under(None).into_iter();
        let upper = upper
            .filter(|(id, one)| id.as_str() != context.id && (!one.retired || Some(*id) == chosen))
            .map(|(id, one)| (id.to_string(), one.name.clone()));
        let none = (String::new(), "なし(上位の分類にする)".to_owned());
        // Those that are no longer offered have names in the history all the same.
        let former = categories.under(None).into_iter();
        let former = former.map(|(id, one)| (id.to_string(), one.name.clone()));
        vec![
            F::text("name", "名前", access!(name))
                .section("分類")
                .hint(format!("{CATEGORY_NAME_LETTERS}文字以内"))
                .required(),
            F::select(
                "parent",
                "上位の分類",
                std::iter::once(none).chain(upper),
                access!(parent),
            )
            .words(former),
            F::area("note", "説明(省略可)", access!(note))
                .short("説明")
                .hint(format!(
                    "どの問合せを入れるかの目安。{CATEGORY_NOTE_LETTERS}文字以内"
                )),
            F::read_only("order", "並び順", |one| one.order.to_string()),
            F::read_only("retired", "状態", |one| {
                if one.retired { "廃止" } else { "使用中" }.to_owned()
            }),
        ]
    }

    fn blank(_: &Context<'_>) -> Self {
        Self {
            name: String::new(),
            parent: None,
            order: 0,
            retired: false,
            note: String::new(),
        }
    }

    fn title(&self, _: &Context<'_>) -> String {
        self.name.clone()
    }

    fn check(&self, _: Option<&Self>, context: &Context<'_>) -> Vec<FieldError> {
        context.setup.categories.faults(&context.id.into(), self)
    }

    fn initial(id: &str) -> Option<Self> {
        Categories::default().get(&id.into()).cloned()
    }

    fn notes(&self, context: &Context<'_>) -> Vec<String> {
        let note = if self.retired {
            "この分類は廃止されています。新しい問合せには選べませんが、これまでの記録には残ります。"
        } else if context.setup.categories.is_retired(self) {
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

    /// One that is new or moves to another row comes last there.
    fn settled(self, before: Option<&Self>, context: &Context<'_>) -> Settled<Self> {
        if before.is_some_and(|before| before.parent == self.parent) {
            return (self, None);
        }
        let categories = &context.setup.categories;
        let order = categories.last_order(self.parent.as_ref());
        (Self { order, ..self }, None)
    }

    fn restored(self, _: Option<&Self>, _: &Context<'_>) -> Settled<Self> {
        (self, None)
    }

    fn can_remove(&self) -> bool {
        !self.retired
    }
}

impl Removable for Category {
    fn remains(&self) -> Option<Self> {
        Some(Self {
            retired: true,
            ..self.clone()
        })
    }

    fn consequences(&self, context: &Context<'_>) -> Vec<String> {
        let lower = context.setup.categories.under(Some(&context.id.into()));
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
