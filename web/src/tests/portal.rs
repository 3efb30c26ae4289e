//! The FAQ: what staff see, what they must never see, and what is learnt from them.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use axum::extract::ConnectInfo;
use chrono::NaiveDate;
use madoguchi_core::article::ArticleNumber;
use madoguchi_core::id::{ArticleId, CategoryId};
use madoguchi_core::portal::{Site, Sites};
use madoguchi_kb::{
    Audience, Change, Dictionary, Entry, Feed, Knowledge, Language, Source, Viewer,
};
use madoguchi_store::StoreError;

use super::*;

mod away;
mod desk;
mod language;
mod leaks;
mod past;
mod reading;
mod reception;
mod writing;

/// A word that only the article of the desk holds.
const SECRET: &str = "裏手順ヤマネコ";
/// The network of the site 本部.
const INSIDE: &str = "192.168.7.7";
const OUTSIDE: &str = "203.0.113.9";

/// The articles of the test, and whether they are out of reach.
#[derive(Default)]
struct TestLibrary(Mutex<BTreeMap<ArticleId, Article>>, Mutex<bool>);

fn article(id: &str, question: &str, plain: &str, category: &str, audience: Audience) -> Article {
    Article {
        id: id.into(),
        number: number(id),
        version: 1,
        audience,
        question: question.to_owned(),
        html: format!("<p>{plain}</p>"),
        plain: plain.to_owned(),
        category: category.into(),
        updated_at: now() - Millis::from_secs(86_400),
        related: vec!["desk-001".into(), "login-001".into()],
        files: Vec::new(),
        manual: None,
        text_only: false,
    }
}

/// ryohi-002 has the number FAQ-0102.
fn number(id: &str) -> Option<ArticleNumber> {
    let (kind, n) = id.split_once('-')?;
    let kind = ["login", "ryohi", "desk"]
        .iter()
        .position(|one| *one == kind)?;
    Some(ArticleNumber(kind as u32 * 100 + n.parse::<u32>().ok()?))
}

fn articles() -> Vec<Article> {
    vec![
        article(
            "ryohi-001",
            "出張の宿泊料はいくらまで支給されますか。",
            "宿泊料は、地域の区分ごとの上限まで支給します。",
            "f09",
            Audience::Portal,
        ),
        article(
            "ryohi-002",
            "旅費の請求を差し戻されたときは、どうすればよいですか。",
            "差戻しの理由を確認し、直してから請求し直してください。",
            "f09",
            Audience::Portal,
        ),
        article(
            "login-001",
            "パスワードを忘れました。",
            "ログインの画面から再設定してください。",
            "f08",
            Audience::Portal,
        ),
        article(
            "desk-001",
            "旅費の請求の差戻しを窓口で取り消すには(裏手順ヤマネコ)。",
            "窓口の担当者は、裏手順ヤマネコで取り消します。",
            "f10",
            Audience::Desk,
        ),
    ]
}

impl TestLibrary {
    fn reached<T>(&self, found: T) -> Result<T, StoreError> {
        if *self.1.lock().unwrap() {
            return Err(StoreError::unreachable());
        }
        Ok(found)
    }

    fn seen(&self, viewer: Viewer) -> Vec<Article> {
        let all = self.0.lock().unwrap();
        let mut seen: Vec<_> = all
            .values()
            .filter(|one| one.audience.includes(viewer))
            .cloned()
            .collect();
        seen.sort_by_key(|one| std::cmp::Reverse(one.updated_at));
        seen
    }
}

impl Library for TestLibrary {
    fn article<'a>(
        &'a self,
        id: &'a str,
        viewer: Viewer,
    ) -> BoxFuture<'a, Result<Option<Article>, StoreError>> {
        let named = |one: &Article| {
            one.id.as_str() == id || ArticleNumber::read(id).is_some_and(|n| one.number == Some(n))
        };
        let found = self.seen(viewer).into_iter().find(named);
        Box::pin(async { self.reached(found) })
    }

    fn list<'a>(
        &'a self,
        filter: &'a ArticleFilter,
    ) -> BoxFuture<'a, Result<ArticlePage, StoreError>> {
        let wanted = |one: &Article| {
            let categories = filter.categories.as_ref();
            let ids = filter.ids.as_ref();
            categories.is_none_or(|some| some.contains(&one.category))
                && ids.is_none_or(|some| some.contains(&one.id))
        };
        let seen: Vec<_> = self
            .seen(filter.viewer)
            .into_iter()
            .filter(wanted)
            .collect();
        let heads = seen.iter().map(|one| ArticleHead {
            id: one.id.clone(),
            audience: one.audience,
            question: one.question.clone(),
            category: one.category.clone(),
            updated_at: one.updated_at,
        });
        let page = ArticlePage {
            total: seen.len() as u64,
            articles: heads
                .skip(filter.offset as usize)
                .take(filter.limit as usize)
                .collect(),
        };
        Box::pin(async { self.reached(page) })
    }

    fn counts(&self, viewer: Viewer) -> BoxFuture<'_, Result<Vec<(CategoryId, u64)>, StoreError>> {
        let mut counts = BTreeMap::new();
        for one in self.seen(viewer) {
            *counts.entry(one.category).or_insert(0) += 1;
        }
        Box::pin(async { self.reached(counts.into_iter().collect()) })
    }

    fn overdue(
        &self,
        by: NaiveDate,
        _limit: u32,
    ) -> BoxFuture<'_, Result<Vec<Overdue>, StoreError>> {
        let overdue = Overdue {
            id: "login-001".into(),
            question: "パスワードを忘れました。".to_owned(),
            review_on: by.pred_opt().unwrap(),
        };
        Box::pin(async { Ok(vec![overdue]) })
    }
}

/// The search over the articles, in a folder of the test's.
fn knowledge(folder: &Path, articles: &[Article]) -> Knowledge {
    // Built once for all tests of this machine.
    let dictionary = Dictionary::open(&std::env::temp_dir().join("madoguchi-dictionary")).unwrap();
    let knowledge = Knowledge::open(folder, &dictionary, &Language::of_the_field(), None).unwrap();
    let put = |one: &Article| {
        Change::Put(Box::new(Entry {
            id: one.id.to_string(),
            number: one.number,
            source: Source::Faq,
            audience: one.audience,
            question: one.question.clone(),
            answer: one.plain.clone(),
            category: one.category.clone(),
            keywords: Vec::new(),
            reading: None,
            settled: 0,
            updated_at: one.updated_at,
        }))
    };
    let changes: Vec<_> = articles.iter().map(put).collect();
    knowledge.apply(Feed::Articles, &changes, 1).unwrap();
    knowledge.apply(Feed::Tickets, &[], 0).unwrap();
    knowledge
}

fn portal() -> PortalSettings {
    let site = Site {
        name: "本部".to_owned(),
        networks: vec!["192.168.7.0/24".parse().unwrap()],
        numbers: vec!["03-1234".to_owned()],
    };
    PortalSettings {
        networks: vec![
            "192.168.0.0/16".parse().unwrap(),
            // Trusted proxies are in this one, too.
            "10.0.0.0/8".parse().unwrap(),
        ],
        sites: Sites::new(&[site]).unwrap(),
        phone: "03-9999-0000".to_owned(),
        inquiry_form: true,
    }
}

/// A desk with articles and the search over them.
pub(super) struct Open {
    house: House,
    knowledge: Option<Knowledge>,
    shelf: Arc<TestLibrary>,
    _index: tempfile::TempDir,
}

pub(super) async fn open() -> Open {
    open_with(articles()).await
}

async fn open_with(articles: Vec<Article>) -> Open {
    let index = tempfile::tempdir().unwrap();
    let knowledge = knowledge(index.path(), &articles);
    let shelf = Arc::new(TestLibrary::default());
    for one in articles {
        shelf.0.lock().unwrap().insert(one.id.clone(), one);
    }
    let faq = Faq::new(shelf.clone(), knowledge.clone());
    Open {
        house: house_with(faq, portal()).await,
        knowledge: Some(knowledge),
        shelf,
        _index: index,
    }
}

/// Asks from a network address.
fn from(address: &str, path: &str, client: &Client) -> Request<Body> {
    let address: IpAddr = address.parse().unwrap();
    let request = Request::get(path)
        .header("host", "localhost:8080")
        .header("cookie", &client.cookie)
        .extension(ConnectInfo(SocketAddr::new(address, 50_000)));
    request.body(Body::empty()).unwrap()
}

impl Open {
    /// Somebody of the staff opens a page.
    pub(super) async fn read(&self, client: &mut Client, path: &str) -> (StatusCode, String) {
        let request = from(INSIDE, path, client);
        let (status, place, html) = self.house.pass(client, request).await;
        assert!(place.is_empty(), "{path} leads to {place}");
        (status, html)
    }

    /// Somebody of the staff sends a form.
    async fn write(
        &self,
        client: &mut Client,
        path: &str,
        body: &str,
    ) -> (StatusCode, String, String) {
        let address: IpAddr = INSIDE.parse().unwrap();
        let request = Request::post(path)
            .header("host", "localhost:8080")
            .header("origin", "http://localhost:8080")
            .header("cookie", &client.cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .extension(ConnectInfo(SocketAddr::new(address, 50_000)))
            .body(Body::from(format!("{body}&_csrf={}", client.csrf)))
            .unwrap();
        self.house.pass(client, request).await
    }
}
