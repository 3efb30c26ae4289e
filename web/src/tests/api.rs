//! The API as its document tells of it: nothing left out, nothing invented, and so it is answered.

use std::collections::BTreeSet;

use madoguchi_core::access::{Permission, Permissions};
use serde_json::{Value, json};

use super::tickets::call;
use super::*;

async fn document(house: &House) -> Value {
    let (status, text) = house.get("/api/v1/openapi.json").await;
    assert_eq!(status, StatusCode::OK);
    serde_json::from_str(&text).unwrap()
}

/// Method and path of every operation, with what the document tells of it.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item)| {
        item.as_object()
            .unwrap()
            .iter()
            .map(|(method, told)| (method.to_uppercase(), path.clone(), told.clone()))
    });
    all.collect()
}

#[tokio::test]
async fn the_document_tells_of_every_route_and_of_no_other() {
    let house = house().await;
    let document = document(&house).await;
    let routes = declared().into_iter();
    let routes = routes.filter(|route| route.path.starts_with("/api/"));
    let routes: BTreeSet<_> = routes
        .map(|route| {
            let scope = match route.need {
                Need::Permission(permission) => Some(permission.as_str().to_owned()),
                _ => None,
            };
            (route.method.to_owned(), route.path.to_owned(), scope)
        })
        .collect();
    let told: BTreeSet<_> = operations(&document)
        .into_iter()
        .map(|(method, path, told)| {
            let scope = told["security"][0]["token"][0].as_str();
            (method, path, scope.map(str::to_owned))
        })
        .collect();
    assert_eq!(routes, told);
    assert!(routes.len() >= 20);
}

#[tokio::test]
async fn the_document_is_valid_and_all_that_it_tells_is_japanese() {
    let house = house().await;
    let (_, text) = house.get("/api/v1/openapi.json").await;
    let spec = oas3::from_json(&text).unwrap();
    spec.validate_version().unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let ids: BTreeSet<_> = operations(&document)
        .iter()
        .map(|(_, _, told)| told["operationId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), operations(&document).len());
    // Each path names its parts, each reference leads somewhere.
    for (_, path, told) in operations(&document) {
        let named = told["parameters"].as_array().into_iter().flatten();
        let named: BTreeSet<_> = named
            .filter(|it| it["in"] == "path")
            .map(|it| it["name"].as_str().unwrap().to_owned())
            .collect();
        let parts = path.split('/').filter_map(|part| part.strip_prefix('{'));
        let parts: BTreeSet<_> = parts
            .map(|part| part.trim_end_matches('}').to_owned())
            .collect();
        assert_eq!(named, parts, "{path}");
    }
    let mut untold = BTreeSet::new();
    walk(&document, &document, "", &mut untold);
    assert!(untold.is_empty(), "{untold:#?}");
}

/// Collects what is not told in Japanese, and references that lead nowhere.
fn walk(document: &Value, value: &Value, place: &str, untold: &mut BTreeSet<String>) {
    if let Some(target) = value.get("$ref").and_then(Value::as_str) {
        let found = document.pointer(target.trim_start_matches('#'));
        if found.is_none() {
            untold.insert(format!("{place}: {target}"));
        }
    }
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let place = format!("{place}/{name}");
                let tells = name == "description" || name == "summary";
                if tells && value.as_str().is_some_and(str::is_ascii) {
                    untold.insert(place.clone());
                }
                if name == "properties" {
                    for (field, schema) in value.as_object().unwrap() {
                        if schema.get("description").is_none() {
                            untold.insert(format!("{place}/{field}"));
                        }
                    }
                }
                if name != "example" {
                    walk(document, value, &place, untold);
                }
            }
        }
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                walk(document, item, &format!("{place}/{n}"), untold);
            }
        }
        _ => {}
    }
}

/// Whether an answer is what the document says of it.
fn check(document: &Value, told: &Value, (status, answer): (StatusCode, &Value)) {
    let content = &told["responses"][status.as_str()]["content"]["application/json"];
    let mut schema = content["schema"].clone();
    assert!(schema.is_object(), "{status} is not told of: {answer}");
    schema["components"] = document["components"].clone();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let faults: Vec<_> = validator
        .iter_errors(answer)
        .map(|fault| format!("{} {fault}", fault.instance_path()))
        .collect();
    assert!(
        faults.is_empty(),
        "{}: {faults:#?} {answer:#}",
        told["operationId"]
    );
}

#[tokio::test]
async fn what_is_answered_is_what_the_document_tells_and_its_examples_are_taken() {
    let house = house().await;
    let document = document(&house).await;
    let operations = operations(&document);
    let told = |id: &str| {
        let found = operations
            .iter()
            .find(|(_, _, told)| told["operationId"] == id);
        found.unwrap_or_else(|| panic!("{id}")).2.clone()
    };
    let example =
        |told: &Value| told["requestBody"]["content"]["application/json"]["example"].to_string();
    let create = told("createTicket");
    let post = ("POST", "/api/v1/tickets");
    let key = [("idempotency-key", "k1")];
    let (status, etag, made) = call(&house, post, &key, &example(&create)).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    check(&document, &create, (status, &made));
    let (status, _, refused) = call(&house, post, &key, "{}").await;
    assert_eq!(status, StatusCode::CONFLICT);
    check(&document, &create, (status, &refused));
    let change = told("changeTicket");
    let one = "/api/v1/tickets/R8-00001";
    for (headers, expected) in [
        (vec![], StatusCode::PRECONDITION_REQUIRED),
        (vec![("if-match", etag.as_str())], StatusCode::OK),
        (
            vec![("if-match", etag.as_str())],
            StatusCode::PRECONDITION_FAILED,
        ),
    ] {
        let (status, _, told) = call(&house, ("PATCH", one), &headers, &example(&change)).await;
        assert_eq!(status, expected, "{told}");
        check(&document, &change, (status, &told));
    }
    let set_state = told("setAgentState");
    let agent = ("POST", "/api/v1/agents/tanaka/state");
    let (status, _, set) = call(&house, agent, &[], &example(&set_state)).await;
    assert_eq!(status, StatusCode::OK, "{set}");
    for (id, path) in [
        ("listTickets", "/api/v1/tickets"),
        ("getTicket", one),
        ("getTicket", "/api/v1/tickets/R8-00009"),
        ("listContacts", "/api/v1/contacts?ticket=R8-00001"),
        ("listContacts", "/api/v1/contacts?from=yesterday"),
        ("listPeople", "/api/v1/people"),
        ("listCalls", "/api/v1/calls?from=2026-11-01"),
        ("listCalls", "/api/v1/calls?after=x"),
        ("getCall", "/api/v1/calls/c1"),
        ("getStats", "/api/v1/stats?from=2026-11-01&by=day"),
        ("getStats", "/api/v1/stats?by=line"),
        ("getStats", "/api/v1/stats?by=agent"),
        ("getBoard", "/api/v1/board"),
        ("listAgents", "/api/v1/agents"),
        ("getHours", "/api/v1/hours"),
        ("listPhrases", "/api/v1/phrases"),
        ("listVendors", "/api/v1/vendors"),
        ("listDepartments", "/api/v1/departments"),
        ("searchKnowledge", "/api/v1/knowledge/search?q=x"),
        ("suggestKnowledge", "/api/v1/knowledge/suggest?q=x"),
        ("getArticle", "/api/v1/knowledge/articles/nothing"),
        ("getDocument", "/api/v1/openapi.json"),
    ] {
        let (status, _, answer) = call(&house, ("GET", path), &[], "").await;
        check(&document, &told(id), (status, &answer));
    }
}

#[tokio::test]
async fn pages_of_a_list_go_on_behind_the_last_row_while_others_come() {
    let house = house().await;
    let add = async |n: usize| {
        let key = format!("k{n}");
        let new = json!({ "fields": { "question": format!("問{n}") } }).to_string();
        let post = ("POST", "/api/v1/tickets");
        let (status, ..) = call(&house, post, &[("idempotency-key", &key)], &new).await;
        assert_eq!(status, StatusCode::CREATED);
    };
    for n in 0..60 {
        add(n).await;
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/tickets".to_owned();
    for n in 60.. {
        let (_, _, page) = call(&house, ("GET", &path), &[], "").await;
        let tickets = page["tickets"].as_array().unwrap();
        seen.extend(
            tickets
                .iter()
                .map(|it| it["number"].as_str().unwrap().to_owned()),
        );
        let Some(after) = page["after"].as_str() else {
            break;
        };
        path = format!("/api/v1/tickets?after={}", crate::query::escape(after));
        add(n).await;
    }
    let expected: Vec<_> = (1..=60).rev().map(|n| format!("R8-{n:05}")).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_token_does_what_its_scope_says_and_nothing_else() {
    let house = house().await;
    let document = document(&house).await;
    let boss = house.store.lookup_login("boss").await.unwrap().unwrap();
    let mut secrets = Vec::new();
    for scope in [Permission::HandleTickets, Permission::ViewBoard] {
        let secret = operator::issue_token(
            &house.store,
            &boss.user.id,
            scope.as_str(),
            Permissions::NONE.with(scope),
            Millis::from_secs(864_000),
            now(),
        );
        secrets.push((Some(scope), secret.await.unwrap()));
    }
    secrets.push((None, "mdg_wrong".to_owned()));
    for (second, (method, path, told)) in (1..).zip(operations(&document)) {
        house.set_time(now() + Millis::from_secs(second));
        let needed = told["security"][0]["token"][0].as_str();
        for (scope, secret) in &secrets {
            let path = path.replace(['{', '}'], "");
            let request = Request::builder()
                .method(method.as_str())
                .uri(path.as_str())
                .header("host", "localhost:8080")
                .header("authorization", format!("Bearer {secret}"))
                .header("content-type", "application/json");
            let (status, text) = house.send(request.body(Body::from("{}")).unwrap()).await;
            let may = needed.is_none() || scope.map(Permission::as_str) == needed;
            let walled = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
            assert_eq!(!walled, may, "{scope:?} {method} {path}: {status} {text}");
            if walled {
                let answer: Value = serde_json::from_str(&text).unwrap();
                check(&document, &told, (status, &answer));
            }
        }
    }
}

#[tokio::test]
async fn the_page_shows_every_operation_with_what_it_needs() {
    let house = house().await;
    let document = document(&house).await;
    let mut boss = house.boss.clone();
    let (status, html) = house.open(&mut boss, "/account/api").await;
    assert_eq!(status, StatusCode::OK);
    for (method, path, told) in operations(&document) {
        assert!(
            html.contains(&format!("{method} {path}")),
            "{method} {path}"
        );
        assert!(html.contains(told["summary"].as_str().unwrap()));
    }
    for told in [
        "問合せの閲覧と登録",
        "Idempotency-Key",
        "If-Match",
        "412",
        "旅費の精算が差し戻された",
    ] {
        assert!(html.contains(told), "{told}");
    }
}
