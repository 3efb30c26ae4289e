//! Every page of the shell in a real Chromium: no rule of WCAG A or AA broken, light enough, and
//! of use without scripts and by keyboard alone.

mod crowd;
mod faq;
mod months;
mod states;
mod tickets;

use anyhow::{Context, ensure};
use fantoccini::key::Key;
use fantoccini::{Client, Locator};
use madoguchi_core::access::Role;
use madoguchi_core::clock::Clock;
use madoguchi_core::live::AgentState;
use madoguchi_tests::browser::{Browser, Look, until_shown};
use madoguchi_tests::desk::{Desk, Setup};
use madoguchi_tests::sipp::{Run, caller};

type Outcome = anyhow::Result<()>;

/// Pages by who sees them; `{call}` and `{user}` stand for one of each.
const PAGES: [(&str, &[&str]); 4] = [
    (
        "boss",
        &[
            "/board",
            "/calls",
            "/calls/{call}",
            "/calls/{call}/signals",
            "/calls/{call}/signals/1",
            "/calls/{call}/signals/1/text",
            "/calls/figures",
            "/calls/figures?by=line",
            "/calls?from=2026-01-01&to=2026-01-01",
            "/account",
            "/account/confirm",
            "/account/password",
            "/account/second-factor",
            "/account/tokens",
            "/account/api",
            "/admin/calendar",
            "/admin/calendar/range?from=2026-12-21&to=2026-12-27&rule=closed",
            "/admin/calendar/2026-12-28",
            "/admin/calendar?calendar=yakan",
            "/admin/calendar/2026-12-28@yakan",
            "/admin/calendars",
            "/admin/calendars/new",
            "/admin/calendars/named/yakan",
            "/admin/calendars/named/yakan/remove",
            "/nowhere",
            "/admin/users",
            "/tickets",
            "/tickets/due",
            "/tickets/new",
            "/tickets/import",
            "/tickets/import/check?id=one&ledger=%E6%97%A7%E5%8F%B0%E5%B8%B3",
            "/tickets/{ticket}",
            "/people",
            "/people/import",
            "/people/1001",
            "/monthly",
            "/monthly?year=2024",
            "/monthly/settings",
            "/monthly/targets",
            "/monthly/staffing",
            "/monthly/running",
            "/monthly/2026-12/shifts",
            "/reception/unregistered?month={month}",
            "/monthly/published",
            "/monthly/published/import",
            "/monthly/{month}",
            "/monthly/{month}/book",
            "/monthly/{month}/book?chapter=calls",
            "/monthly/{month}/book?book=2",
            "/monthly/{month}/checks",
            "/monthly/{month}/freeze",
            "/monthly/{month}/figure?cell=received/offered/count",
            "/monthly/{month}/facts",
            "/monthly/{month}/facts/new?kind=detection",
            "/monthly/{month}/facts/f1",
            "/monthly/{month}/remarks",
            "/monthly/{month}/remarks/new",
            "/monthly/{month}/remarks/r1",
            "/monthly/{month}/instructions",
            "/monthly/{month}/instructions/new",
            "/monthly/{month}/instructions/i1",
            "/monthly/{month}/row-notes",
            "/monthly/{month}/row-notes/new",
            "/monthly/{month}/row-notes/n1",
            "/monthly/{month}/work",
            "/monthly/{month}/work/new",
            "/monthly/{month}/work/{month}.014",
            "/monthly/{month}/incidents",
            "/monthly/{month}/incidents/new",
            "/monthly/{month}/incidents/{month}",
            "/monthly/{month}/improvements",
            "/monthly/{month}/improvements/{month}.indirect.answer_rate",
        ],
    ),
    (
        "kanri",
        &[
            "/admin/users",
            "/admin/users/new",
            "/admin/users/{user}",
            "/admin/users/inventory",
            "/admin/retention",
            "/admin/retention/audit",
            "/admin/retention/portal",
            "/admin/retention/tickets",
            "/admin/retention/signals",
            "/admin/signals",
            "/voice",
            "/admin/retention/preview?years=5",
            "/admin/operations",
            "/admin/desk",
            "/admin/desk/lines",
            "/admin/desk/lines/new",
            "/admin/desk/line/help",
            "/admin/desk/line/yobi",
            "/admin/desk/line/yobi/remove",
            "/admin/desk/agents",
            "/admin/desk/agents/new",
            "/admin/desk/agent/sato",
            "/admin/desk/agent/sato/remove",
            "/admin/desk/trunks",
            "/admin/desk/trunks/new",
            "/admin/desk/trunk/telco",
            "/admin/desk/trunk/telco/remove",
            "/admin/desk/targets",
            "/admin/desk/observe",
            "/admin/desk/call-table",
            "/admin/desk/outbound",
            "/admin/desk/categories",
            "/admin/desk/categories/new",
            "/admin/desk/category/f08",
            "/admin/desk/category/f08/remove",
            "/admin/desk/divisions",
            "/admin/desk/divisions/new",
            "/admin/desk/division/help_desk",
            "/admin/desk/division/help_desk/remove",
            "/admin/desk/vendors",
            "/admin/desk/vendors/new",
            "/admin/desk/vendor/one",
            "/admin/desk/vendor/one/remove",
            "/admin/desk/departments",
            "/admin/desk/departments/new",
            "/admin/desk/department/one",
            "/admin/desk/department/one/remove",
            "/admin/announcements",
            "/admin/announcements/*/greeting",
        ],
    ),
    ("kansa", &["/audit", "/audit?actor=nobody"]),
    (
        "henshu",
        &[
            "/faq",
            "/faq?q=%E6%97%85%E8%B2%BB",
            "/faq?q=%E3%81%AC%E3%82%8A%E3%81%8B%E3%81%B9%E5%BA%A7%E6%95%B7%E7%AB%A5%E5%AD%90",
            "/faq/category/f09",
            "/faq/login-001",
            "/faq/history",
            "/faq/contact?article=login-001",
            "/knowledge",
            "/knowledge?q=%E6%97%85%E8%B2%BB",
            "/knowledge/login-001",
            "/reception",
            "/reception?new=plain",
            "/reception/unregistered",
            "/inquiries",
            "/articles",
            "/articles/new",
            "/articles/import",
            "/articles/login-001",
            "/articles/login-001/edit",
            "/articles/login-001/versions/3",
            "/articles/attention",
            "/articles/grading",
            "/articles/grading?q=%E3%83%91%E3%82%B9%E3%83%AF%E3%83%BC%E3%83%89",
            "/articles/synonyms",
            "/articles/synonyms/new",
            "/articles/synonym/own",
            "/articles/synonym/own/remove",
            "/articles/words",
            "/articles/words/new",
            "/articles/word/own",
            "/articles/word/own/remove",
            "/articles/access-report",
            "/admin/notices",
            "/admin/notices/new",
            "/admin/notices/{notice}",
            "/admin/notices/{notice}/remove",
            "/admin/phrases",
            "/admin/phrases/new",
            "/admin/phrase/aisatsu",
            "/admin/phrase/aisatsu/remove",
        ],
    ),
];

/// What a finger or a hand that trembles misses: below 44 pixels on a telephone, below 24
/// elsewhere; and a page that is wider than the window.
const HARD_TO_HIT: &str = "
    const least = innerWidth < 600 ? 44 : 24;
    const parts = 'button, a.button, select, textarea, input:not([type=hidden], [type=checkbox], [type=radio])';
    const faults = [];
    for (const part of document.querySelectorAll(parts)) {
        const { width, height } = part.getBoundingClientRect();
        if (width > 0 && (height < least || width < least))
            faults.push(Math.round(width) + '×' + Math.round(height) + ' ' + part.outerHTML);
    }
    const excess = document.documentElement.scrollWidth - innerWidth;
    if (excess > 0) faults.push('wider than the window by ' + excess);
    return faults;";

/// What is wrong with pages, told with page, look, rule and element.
#[derive(Default)]
struct Wrong(Vec<String>);

impl Wrong {
    /// Looks at the page that is open in every way.
    async fn look(&mut self, browser: &Browser, page: &str) -> Outcome {
        for look in Look::ALL {
            browser.look(look).await?;
            for violation in browser.violations().await? {
                self.0.push(format!("{page} {look}: {violation}"));
            }
            let missed = browser.client.execute(HARD_TO_HIT, Vec::new()).await?;
            for fault in missed.as_array().into_iter().flatten() {
                self.0.push(format!("{page} {look}: {fault}"));
            }
        }
        browser.look(Look::DESK).await
    }

    fn nothing(self) -> Outcome {
        ensure!(self.0.is_empty(), "{}", self.0.join("\n"));
        Ok(())
    }
}

/// Whether a route serves a page of ours: not a file, data, words for programs, or a way to
/// elsewhere.
fn is_page(path: &str) -> bool {
    let others = [
        "/api/",
        "/static/",
        "/healthz",
        "/readyz",
        "/metrics",
        "/board/events",
        "/board/own-call",
        "/faq/results",
        "/faq/suggest",
        "/knowledge/results",
        "/knowledge/own",
        "/reception/part",
        "/reception/caller",
        "/reception/candidates",
        "/tickets/due/part",
        "/monthly/running/part",
    ];
    let steps = [
        "/",
        "/sign-in",
        "/sign-in/code",
        "/sign-in/oidc",
        "/sign-in/oidc/callback",
        "/account/confirm/oidc",
        // Looked at in `states`, for it shows something only once.
        "/account/recovery-codes",
    ];
    let is_file = path.contains(".xlsx")
        || path.ends_with(".xml")
        || path.ends_with("/listen")
        || path.ends_with("/download")
        || path.ends_with("/preview")
        || path.contains("/files/")
        || path.contains(".jsonl");
    !others.iter().any(|start| path.starts_with(start)) && !steps.contains(&path) && !is_file
}

/// Whether an address is one of a route with `{names}` for what varies.
fn fits(route: &str, address: &str) -> bool {
    let address = address.split('?').next().unwrap_or_default();
    let (route, address): (Vec<_>, Vec<_>) =
        (route.split('/').collect(), address.split('/').collect());
    route.len() == address.len()
        && route
            .iter()
            .zip(address)
            .all(|(wanted, found)| wanted.starts_with('{') || *wanted == found)
}

#[test]
fn every_page_is_looked_at() -> Outcome {
    let looked_at: Vec<_> = PAGES.iter().flat_map(|(_, paths)| *paths).collect();
    let missed: Vec<_> = madoguchi_web::declared()
        .into_iter()
        .filter(|route| route.method == "GET" && is_page(route.path))
        .filter(|route| !looked_at.iter().any(|address| fits(route.path, address)))
        .map(|route| route.path)
        .collect();
    ensure!(missed.is_empty(), "no address in PAGES: {missed:?}");
    Ok(())
}

struct House {
    desk: Desk,
    password: String,
    call: String,
    user: String,
    notice: String,
    ticket: String,
    month: String,
}

impl House {
    async fn start() -> anyhow::Result<Self> {
        let setup = Setup::default().registering_agent("tanaka").with_faq();
        let desk = setup.start().await?;
        let call = caller().invite().expect(200).ack().pause(200).bye();
        call.start(&Run::call(desk.sip, "5000"))?.succeed().await?;
        desk.until("the call is over", |figures| figures.abandoned() == 1)
            .await?;
        let password = desk.add_user("boss", &[Role::Supervisor], None).await?;
        for (login, role) in [("kanri", Role::Administrator), ("kansa", Role::Auditor)] {
            desk.add_user_with(login, &[role], None, &password).await?;
        }
        let editor = [Role::FaqEditor, Role::Supervisor];
        desk.add_user_with("henshu", &editor, None, &password)
            .await?;
        let notice = faq::used(&desk).await?;
        let ticket = tickets::one_of_each(desk.store(), desk.clock.now()).await?;
        let filter = madoguchi_store::CallFilter {
            limit: 1,
            ..Default::default()
        };
        let calls = desk.wait_for_store(&filter).await?;
        let call = &calls.first().context("a call")?.call;
        while !desk.store().has_signals(call).await? {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        let user = desk.store().lookup_login("boss").await?;
        let user = user.context("a user")?.user.id;
        tickets::ledger(desk.store(), &user, desk.clock.now()).await?;
        Ok(Self {
            call: calls.first().context("a call")?.call.to_string(),
            user: user.to_string(),
            notice,
            month: months::one_of_each(desk.store(), desk.clock.now()).await?,
            ticket,
            password,
            desk,
        })
    }

    fn address(&self, path: &str) -> String {
        let path = path
            .replace("{call}", &self.call)
            .replace("{user}", &self.user)
            .replace("{notice}", &self.notice)
            .replace("{ticket}", &self.ticket)
            .replace("{month}", &self.month);
        format!("http://{}{path}", self.desk.web())
    }
}

async fn sign_in(browser: &Browser, house: &House, login: &str) -> Outcome {
    browser.client.delete_all_cookies().await?;
    let web = house.desk.web();
    browser.sign_in(web, login, &house.password).await
}

/// Headings of pages that should not be met here but where they are asked for.
const REFUSED: [&str; 2] = ["許可されていません", "見つかりません"];

/// Makes a line, a phone and a trunk on screens, and looks at what is shown then.
async fn set_up(browser: &Browser, house: &House, wrong: &mut Wrong) -> Outcome {
    sign_in(browser, house, "kanri").await?;
    let forms: [(&str, &[(&str, &str)]); 4] = [
        (
            "/admin/calendars/new",
            &[("name", "yakan"), ("hours", "20:00-22:00")],
        ),
        (
            "/admin/desk/lines/new",
            &[("name", "yobi"), ("numbers", "6000")],
        ),
        (
            "/admin/desk/agents/new",
            &[("id", "sato"), ("name", "佐藤"), ("extension", "301")],
        ),
        (
            "/admin/desk/trunks/new",
            &[("name", "telco"), ("sources", "198.51.100.0/28")],
        ),
    ];
    for (path, fields) in forms {
        browser.client.goto(&house.address(path)).await?;
        browser.click("main form.form button.primary").await?;
        browser.until_shown("保存していません").await?;
        wrong.look(browser, &format!("{path} refused")).await?;
        for (name, text) in fields {
            browser.fill_in(&format!("[name={name}]"), text).await?;
        }
        browser.click("main form.form button.primary").await?;
        browser.until_shown("登録しました").await?;
        wrong.look(browser, &format!("{path} done")).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_breaks_a_rule_of_wcag_a_or_aa() -> Outcome {
    let house = House::start().await?;
    let browser = Browser::start(1280, 800).await?;
    let mut wrong = Wrong::default();
    browser.client.goto(&house.address("/sign-in")).await?;
    wrong.look(&browser, "/sign-in").await?;
    let spoil = "document.querySelector('main').append(document.createElement('input'))";
    browser.client.execute(spoil, Vec::new()).await?;
    ensure!(
        !browser.violations().await?.is_empty(),
        "a field without a name is found"
    );
    set_up(&browser, &house, &mut wrong).await?;
    for (login, paths) in PAGES {
        sign_in(&browser, &house, login).await?;
        for path in paths {
            browser.client.goto(&house.address(path)).await?;
            let heading = browser.text("h1").await?;
            ensure!(
                !REFUSED.iter().any(|refused| heading.contains(refused))
                    || *path == "/nowhere"
                    || (login, *path) == ("boss", "/admin/users"),
                "{path}: {heading}"
            );
            wrong.look(&browser, path).await?;
        }
    }
    wrong.nothing()?;
    browser.client.clone().close().await?;
    house.desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_weighs_150_kilobytes() -> Outcome {
    let house = House::start().await?;
    let browser = Browser::start(1280, 800).await?;
    set_up(&browser, &house, &mut Wrong::default()).await?;
    for (login, paths) in PAGES {
        sign_in(&browser, &house, login).await?;
        for path in paths {
            let (weight, parts) = browser.weigh(&house.address(path)).await?;
            ensure!(weight < 150_000, "{path}: {weight}\n{parts}");
        }
    }
    browser.client.clone().close().await?;
    house.desk.end().await?;
    Ok(())
}

async fn click(client: &Client, css: &str) -> Outcome {
    client.find(Locator::Css(css)).await?.click().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_of_use_without_scripts() -> Outcome {
    let house = House::start().await?;
    let browser = Browser::start_without_scripts(1280, 800).await?;
    let client = &browser.client;
    sign_in(&browser, &house, "boss").await?;
    client.goto(&house.address("/board")).await?;
    until_shown(client, "今日の応答率").await?;
    client
        .find(Locator::Css("input[name=reason]"))
        .await?
        .send_keys("会議")
        .await?;
    click(client, "button[value=away]").await?;
    let away = AgentState::Away {
        reason: "会議".to_owned(),
    };
    house.desk.until_agent("tanaka", away).await?;
    until_shown(client, "状態の変更を受け付けました").await?;
    until_shown(client, "会議").await?;
    // The page loads itself again only for those who ask: nothing half written is lost.
    let source = client.source().await?;
    ensure!(!source.contains("http-equiv=\"refresh\""));
    click(client, "a[href='/board?reload=15']").await?;
    until_shown(client, "自動の更新を止める").await?;
    client
        .goto(&house.address("/calls?kind=abandoned&number=0312"))
        .await?;
    until_shown(client, "1件").await?;
    client.clone().close().await?;
    house.desk.end().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_state_is_set_by_keyboard_alone() -> Outcome {
    let house = House::start().await?;
    let browser = Browser::start(1280, 800).await?;
    let client = &browser.client;
    client.goto(&house.address("/sign-in?next=/board")).await?;
    // The field for the name has the focus from the start.
    ensure!(browser.has_focus("#login").await?);
    browser.write("boss").await?;
    browser.press([Key::Tab.into()]).await?;
    ensure!(browser.has_focus("#password").await?);
    browser.write(&house.password).await?;
    browser.press([Key::Enter.into()]).await?;
    until_shown(client, "今日の応答率").await?;
    browser.tab_to(".skip").await?;
    browser.press([Key::Enter.into()]).await?;
    browser.tab_to("input[name=reason]").await?;
    browser.write("休憩").await?;
    browser.tab_to("button[value=away]").await?;
    browser.press([Key::Enter.into()]).await?;
    let away = AgentState::Away {
        reason: "休憩".to_owned(),
    };
    house.desk.until_agent("tanaka", away).await?;
    client.clone().close().await?;
    house.desk.end().await?;
    Ok(())
}
