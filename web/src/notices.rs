//! お知らせ and 障害情報: written, changed, taken away, and brought back.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use chrono::NaiveDateTime;
use madoguchi_core::access::ManageNotices;
use madoguchi_core::audit::{Action, Fields, changed};
use madoguchi_core::portal::{
    NOTICE, NOTICE_BODY_LETTERS, NOTICE_TITLE_LETTERS, Notice, NoticeKind, Readers,
};
use madoguchi_core::setup::Fault;
use madoguchi_core::time::Instant;
use madoguchi_store::{NewVersion, Setting};
use serde::Deserialize;

use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::auth::token;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::query::DoneQuery;
use crate::query::{Choice, escape};
use crate::shell::Shell;
use crate::state::Web;

/// The entry of the menu.
const HERE: &str = "/admin/notices";
/// Of those that were taken away, so many are listed.
const REMOVED: usize = 20;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/admin/notices", list)
        .get("/admin/notices/new", new_page)
        .post("/admin/notices/new", create)
        .get("/admin/notices/{id}", page)
        .post("/admin/notices/{id}", save)
        .post("/admin/notices/{id}/remove", remove)
}

#[derive(Template)]
#[template(path = "notices.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Row>,
    removed: Vec<Row>,
}

struct Row {
    title: String,
    link: String,
    kind: &'static str,
    incident: bool,
    readers: &'static str,
    from: String,
    until: String,
    state: &'static str,
}

#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage {
    shell: Shell,
    title: &'static str,
    place: String,
    /// It can be taken away.
    kept: bool,
    removed: bool,
    kinds: Vec<Choice>,
    readers: Vec<Choice>,
    form: NoticeForm,
    faults: Vec<Fault>,
    title_letters: usize,
    body_letters: usize,
    changed: Option<String>,
}

impl NoticePage {
    fn fault(&self, field: &str) -> Option<&str> {
        let fault = self.faults.iter().find(|fault| fault.field == field);
        fault.map(|fault| fault.message.as_str())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NoticeForm {
    kind: String,
    title: String,
    body: String,
    readers: String,
    from: String,
    until: String,
    version: i64,
}

/// As a browser writes a date and time.
const LOCAL: &str = "%Y-%m-%dT%H:%M";

fn local(at: Instant) -> String {
    at.in_tokyo().format(LOCAL).to_string()
}

impl NoticeForm {
    fn of(notice: &Notice, version: i64) -> Self {
        Self {
            kind: notice.kind.as_str().to_owned(),
            title: notice.title.clone(),
            body: notice.body.clone(),
            readers: notice.readers.as_str().to_owned(),
            from: local(notice.from),
            until: notice.until.map(local).unwrap_or_default(),
            version,
        }
    }

    fn read(&self) -> Result<Notice, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut time = |field: &str, text: &str| {
            let text = text.trim();
            let read = NaiveDateTime::parse_from_str(text, LOCAL);
            let read = read.or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S"));
            match read {
                Ok(read) => Some(Instant::from_tokyo(read)),
                Err(_) => {
                    let message = "日付と時刻を、2026-11-24T08:30 のように入力してください。";
                    faults.push(Fault::new(field, message));
                    None
                }
            }
        };
        let from = time("from", &self.from);
        let until = if self.until.trim().is_empty() {
            None
        } else {
            time("until", &self.until)
        };
        let kind = NoticeKind::lookup(&self.kind);
        let readers = Readers::lookup(&self.readers);
        if kind.is_none() {
            faults.push(Fault::new("kind", "種類を選んでください。"));
        }
        if readers.is_none() {
            faults.push(Fault::new("readers", "公開範囲を選んでください。"));
        }
        let notice = Notice {
            kind: kind.unwrap_or(NoticeKind::News),
            title: self.title.trim().to_owned(),
            body: self.body.trim().replace("\r\n", "\n"),
            readers: readers.unwrap_or(Readers::Desk),
            from: from.unwrap_or_default(),
            until,
        };
        faults.extend(notice.faults());
        if faults.is_empty() {
            Ok(notice)
        } else {
            Err(faults)
        }
    }
}

fn read(setting: &Setting) -> Option<Notice> {
    serde_json::from_str(setting.data.as_deref()?).ok()
}

fn row(web: &Web, setting: &Setting) -> Option<Row> {
    let notice = read(setting)?;
    let (now, dates) = (web.desk.now(), web.settings.dates);
    Some(Row {
        link: format!("{HERE}/{}", escape(&setting.id)),
        kind: notice.kind.label(),
        incident: notice.kind == NoticeKind::Incident,
        readers: notice.readers.label(),
        from: dates.minute(notice.from),
        until: notice.until.map(|at| dates.minute(at)).unwrap_or_default(),
        state: if notice.is_in_force(now) {
            "掲載中"
        } else if now < notice.from {
            "掲載前"
        } else {
            "掲載終了"
        },
        title: notice.title,
    })
}

async fn list(
    visitor: Allowed<ManageNotices>,
    State(web): State<Web>,
    Query(query): Query<DoneQuery>,
) -> Result<Html<String>, WebError> {
    let mut kept = web.store.list_settings(NOTICE).await?;
    kept.sort_by_key(|setting| std::cmp::Reverse(read(setting).map(|notice| notice.from)));
    let mut removed = web.store.removed_settings(NOTICE).await?;
    removed.sort_by_key(|setting| std::cmp::Reverse(setting.at));
    let removed = removed.iter().take(REMOVED);
    let page = ListPage {
        shell: Shell::new(&web, Some(&visitor), HERE).done(&query.done),
        rows: kept.iter().filter_map(|one| row(&web, one)).collect(),
        removed: removed.filter_map(|one| row(&web, one)).collect(),
    };
    Ok(Html(page.render()?))
}

async fn new_page(
    visitor: Allowed<ManageNotices>,
    State(web): State<Web>,
) -> Result<Response, WebError> {
    let form = NoticeForm {
        kind: NoticeKind::News.as_str().to_owned(),
        readers: Readers::Everybody.as_str().to_owned(),
        from: local(web.desk.now()),
        ..NoticeForm::default()
    };
    show(&web, &visitor, None, form, Vec::new())
}

/// Shows the form of a notice, or of a new one.
fn show(
    web: &Web,
    visitor: &Visitor,
    of: Option<&Setting>,
    form: NoticeForm,
    faults: Vec<Fault>,
) -> Result<Response, WebError> {
    let status = if faults.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let dates = web.settings.dates;
    let place = of.map_or_else(|| "new".to_owned(), |setting| escape(&setting.id));
    let page = NoticePage {
        shell: Shell::new(web, Some(visitor), HERE),
        title: if of.is_some() {
            "お知らせの変更"
        } else {
            "お知らせの登録"
        },
        place: format!("{HERE}/{place}"),
        kept: of.is_some_and(|setting| setting.data.is_some()),
        removed: of.is_some_and(|setting| setting.data.is_none()),
        kinds: Choice::list(
            NoticeKind::ALL.map(|kind| (kind.as_str(), kind.label())),
            &form.kind,
        ),
        readers: Choice::list(
            Readers::ALL.map(|one| (one.as_str(), one.label())),
            &form.readers,
        ),
        form,
        faults,
        title_letters: NOTICE_TITLE_LETTERS,
        body_letters: NOTICE_BODY_LETTERS,
        changed: of.map(|setting| format!("{}　{}", dates.minute(setting.at), setting.by)),
    };
    Ok((status, Html(page.render()?)).into_response())
}

/// The newest version of a notice, and what it last was.
async fn newest(web: &Web, id: &str) -> Result<(Setting, Notice), WebError> {
    let history = web.store.setting_history(NOTICE, id).await?;
    let last = history.iter().find_map(read);
    let newest = history.into_iter().next();
    newest.zip(last).ok_or(WebError::NotFound("このお知らせ"))
}

async fn page(
    visitor: Allowed<ManageNotices>,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Response, WebError> {
    let (setting, notice) = newest(&web, &id).await?;
    let form = NoticeForm::of(&notice, setting.version);
    show(&web, &visitor, Some(&setting), form, Vec::new())
}

async fn create(
    visitor: Allowed<ManageNotices>,
    State(web): State<Web>,
    Form(form): Form<NoticeForm>,
) -> Result<Response, WebError> {
    let notice = match form.read() {
        Ok(notice) => notice,
        Err(faults) => return show(&web, &visitor, None, form, faults),
    };
    put(&web, &visitor, &token::new_id(), (None, Some(notice)), 0).await?;
    Ok(Redirect::to(&format!("{HERE}?done=created")).into_response())
}

async fn save(
    visitor: Allowed<ManageNotices>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<NoticeForm>,
) -> Result<Response, WebError> {
    let (setting, before) = newest(&web, &id).await?;
    let notice = match form.read() {
        Ok(notice) => notice,
        Err(faults) => return show(&web, &visitor, Some(&setting), form, faults),
    };
    let change = (Some(before), Some(notice));
    put(&web, &visitor, &id, change, form.version).await?;
    Ok(Redirect::to(&format!("{HERE}?done=saved")).into_response())
}

#[derive(Debug, Deserialize)]
struct RemoveForm {
    version: i64,
}

async fn remove(
    visitor: Allowed<ManageNotices>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(form): Form<RemoveForm>,
) -> Result<Redirect, WebError> {
    let (_, before) = newest(&web, &id).await?;
    put(&web, &visitor, &id, (Some(before), None), form.version).await?;
    Ok(Redirect::to(&format!("{HERE}?done=removed")))
}

fn told(notice: Option<&Notice>) -> Fields {
    let Some(notice) = notice else {
        return Fields::new();
    };
    let until = notice.until.map(Instant::to_rfc3339).unwrap_or_default();
    let fields = [
        ("kind", notice.kind.label().to_owned()),
        ("title", notice.title.clone()),
        ("body", notice.body.clone()),
        ("readers", notice.readers.label().to_owned()),
        ("from", notice.from.to_rfc3339()),
        ("until", until),
    ];
    let fields = fields.into_iter();
    fields.map(|(name, text)| (name.to_owned(), text)).collect()
}

async fn put(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    (before, after): (Option<Notice>, Option<Notice>),
    replaces: i64,
) -> Result<(), WebError> {
    let mut entry = visitor.entry(web.desk.now(), Action::NoticeChange, id);
    (entry.before, entry.after) = changed(&told(before.as_ref()), &told(after.as_ref()));
    let data = after.map(|notice| serde_json::to_string(&notice));
    let version = NewVersion {
        kind: NOTICE,
        id: id.to_owned(),
        replaces,
        data: data
            .transpose()
            .map_err(|_| WebError::Internal("a notice cannot be written"))?,
    };
    web.store.save_settings(&[version], entry).await?;
    Ok(())
}
