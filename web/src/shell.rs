//! What stands around every page: the menu by what the visitor may do, who they are, the way out.

use madoguchi_core::access::Permission;
use madoguchi_store::Work;

use crate::auth::visitor::Visitor;
use crate::menu::MenuEntry;
use crate::query::escape;
use crate::state::Web;
use crate::text;

/// The frame of a page.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shell {
    /// The menu.
    pub(crate) menu: Vec<MenuItem>,
    /// The name of the visitor.
    pub(crate) user: Option<String>,
    /// The token that every form carries.
    pub(crate) csrf: String,
    /// The desk is a demonstration.
    pub(crate) demo: bool,
    /// What has just been done, or could not be.
    pub(crate) toast: Option<Toast>,
    /// It is a page of the portal.
    pub(crate) portal: bool,
    /// The visitor's own phone, whose callers every page tells of.
    pub(crate) phone: Option<OwnPhone>,
    /// The session by which the page follows what is due, for who sees to tickets.
    pub(crate) due: Option<String>,
}

/// What is said of what a form has just done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Toast {
    pub(crate) text: &'static str,
    /// It could not be done.
    pub(crate) failed: bool,
}

/// The phone of an agent who registers calls.
#[derive(Debug, Clone)]
pub(crate) struct OwnPhone {
    /// The agent, as the board writes the name.
    pub(crate) agent: String,
    /// The session that the page is for.
    pub(crate) session: String,
}

impl OwnPhone {
    fn of(visitor: &Visitor) -> Option<Self> {
        let agent = visitor.user.agent.as_ref()?;
        let permissions = [Permission::HandleTickets, Permission::ViewBoard];
        let may = permissions
            .iter()
            .all(|one| visitor.permissions.contains(*one));
        (may && visitor.owes.is_none()).then(|| Self {
            agent: escape(agent.as_str()),
            session: visitor.session().unwrap_or_default().to_owned(),
        })
    }
}

/// The session of somebody who sees to tickets and the board.
fn follows_due(visitor: &Visitor) -> Option<String> {
    let permissions = [Permission::HandleTickets, Permission::ViewBoard];
    let may = permissions
        .iter()
        .all(|one| visitor.permissions.contains(*one));
    let session = visitor.session().filter(|_| may && visitor.owes.is_none());
    session.map(str::to_owned)
}

/// An entry of the menu.
#[derive(Debug, Clone)]
pub(crate) struct MenuItem {
    pub(crate) label: &'static str,
    pub(crate) link: &'static str,
    pub(crate) here: bool,
    /// What waits there for the visitor.
    pub(crate) waiting: Option<String>,
    /// What is close to its limit there, or past it.
    pub(crate) due: Option<String>,
}

/// Agents work here; whoever takes no calls sees what agents have not registered.
const RECEPTION: &str = "/reception";
/// Beside it stands what is due.
const TICKETS: &str = "/tickets";
const UNREGISTERED: &str = "/reception/unregistered";

/// The portal's menu.
const PORTAL_MENU: [(&str, &str); 3] = [
    ("FAQを探す", "/faq"),
    ("閲覧履歴", "/faq/history"),
    ("窓口への問合せ", "/faq/contact"),
];

/// What pages of records say about what was done, by the name in the address that a form leads to.
/// What only one part of the pages says is in its feature.
pub(crate) const MESSAGES: &[(&str, &str)] = &[
    ("saved", "保存しました。"),
    ("created", "登録しました。"),
    ("removed", "削除しました。"),
    ("restored", "以前の内容に戻しました。"),
    ("retired", "廃止しました。"),
    ("enabled", "利用を再開しました。"),
];

impl Shell {
    /// The frame of a page under the entry `here` of the menu.
    pub(crate) fn new(web: &Web, visitor: Option<&Visitor>, here: &str) -> Self {
        let demo = web.desk.status().demo;
        let Some(visitor) = visitor else {
            return Self {
                demo,
                ..Self::default()
            };
        };
        let menu = if visitor.owes.is_some() {
            Vec::new()
        } else {
            menu(web, visitor, here, web.work.get())
        };
        Self {
            menu,
            user: Some(visitor.user.name.clone()),
            csrf: visitor.csrf().to_owned(),
            demo,
            toast: None,
            portal: false,
            phone: OwnPhone::of(visitor),
            due: follows_due(visitor),
        }
    }

    /// The stream of the board comes to every page of the visitor.
    pub(crate) fn loads_stream(&self) -> bool {
        self.phone.is_some() || self.due.is_some()
    }

    /// The frame of a page of the portal, whoever reads it.
    pub(crate) fn portal(web: &Web, visitor: Option<&Visitor>, csrf: String, here: &str) -> Self {
        let item = |(label, link): (&'static str, &'static str)| MenuItem {
            label,
            link,
            here: link == here,
            waiting: None,
            due: None,
        };
        Self {
            menu: PORTAL_MENU.into_iter().map(item).collect(),
            user: visitor.map(|visitor| visitor.user.name.clone()),
            csrf,
            demo: web.desk.status().demo,
            toast: None,
            portal: true,
            phone: None,
            due: None,
        }
    }

    /// The same frame with a word about what was done, or could not be.
    #[must_use]
    pub(crate) fn done(mut self, web: &Web, what: &str) -> Self {
        let named = |(name, _): &&(&str, &str)| *name == what;
        let mut messages = MESSAGES.iter().chain(&web.features.messages);
        let done = messages.find(named).map(|(_, text)| (*text, false));
        let failed = || web.features.failures.iter().find(named);
        let said = done.or_else(|| failed().map(|(_, text)| (*text, true)));
        self.toast = said.map(|(text, failed)| Toast { text, failed });
        self
    }
}

/// The entries of the menu that a visitor has.
fn entries(web: &Web, visitor: &Visitor) -> impl Iterator<Item = MenuEntry> {
    let permissions = visitor.permissions;
    let other = match visitor.user.agent {
        Some(_) => UNREGISTERED,
        None => RECEPTION,
    };
    let all = web.features.menu.iter().copied();
    all.filter(move |entry| permissions.contains(entry.needs) && entry.link != other)
}

/// Whether the menu tells the visitor of any work.
pub(crate) fn tells_work(web: &Web, visitor: &Visitor) -> bool {
    entries(web, visitor).any(|entry| entry.waiting.is_some())
}

/// What the menu tells beside an entry: what the visitor has to do there.
fn waiting_words(entry: MenuEntry, visitor: &Visitor, work: Work) -> Option<String> {
    let waiting = (entry.waiting?)(visitor.permissions, work).into_iter();
    let told = waiting.filter(|(_, count)| *count > 0);
    let told: Vec<_> = told
        .map(|(what, count)| format!("{what}{}件", text::number(count)))
        .collect();
    (!told.is_empty()).then(|| told.join("、"))
}

fn menu(web: &Web, visitor: &Visitor, here: &str, work: Work) -> Vec<MenuItem> {
    let item = |entry: MenuEntry| MenuItem {
        label: entry.label,
        link: entry.link,
        here: entry.link == here,
        waiting: waiting_words(entry, visitor, work),
        due: (entry.link == TICKETS)
            .then(|| web.due.get().in_words())
            .flatten(),
    };
    entries(web, visitor).map(item).collect()
}

/// Where a visitor begins: who approves and takes no calls, at what waits for approval.
pub(crate) fn home(web: &Web, visitor: &Visitor) -> &'static str {
    let has = |permission| visitor.permissions.contains(permission);
    if has(Permission::ApproveArticles) && !has(Permission::ViewBoard) {
        return "/articles?stage=waiting";
    }
    let mut entries = entries(web, visitor);
    entries.next().map_or("/account", |entry| entry.link)
}
