//! The name by which the desk is reached, and the proxies before it: requests that two readers could
//! understand in two ways, that come past the proxies, or that say they come from somebody else.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::ensure;
use futures::future::try_join_all;
use madoguchi_tests::desk::Setup;
use madoguchi_tests::process::DeskProcess;
use madoguchi_tests::siege::{STRANGER, siege};
use reqwest::{StatusCode, header};

use super::pages::answered;
use super::visitors::{answer, attacker, client};

type Outcome = anyhow::Result<()>;

/// The proxy, beside which nobody else is trusted.
const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Requests that one address may send at once, and some more while an attack lasts.
const AT_ONCE: usize = 400;
const REFILLED: usize = 400;
/// Guesses of one address, whatever accounts they are at.
const GUESSES_OF_ADDRESS: usize = 20;

fn setup() -> Setup {
    Setup::default().web(&format!(
        "trusted_proxies = [\"{PROXY}/32\"]\nallowed_hosts = [\"desk.example\"]"
    ))
}

/// Header lines that name a host in a way that is none, or is not ours.
const HOSTS: [&str; 22] = [
    "",
    "Host:\r\n",
    "Host: evil.example\r\n",
    "Host: desk.example\r\nHost: evil.example\r\n",
    "Host: desk.example\r\nHost: desk.example\r\n",
    "Host: desk.example, evil.example\r\n",
    "Host: desk.example.\r\n",
    "Host: desk.example.evil.example\r\n",
    "Host: desk.example:\r\n",
    "Host: desk.example:0\r\n",
    "Host: desk.example:80:80\r\n",
    "Host: desk.example:99999\r\n",
    "Host: desk.example:80@evil.example\r\n",
    "Host: evil.example@desk.example\r\n",
    "Host: desk.example/evil\r\n",
    "Host: desk.example#evil\r\n",
    "Host: desk%2eexample\r\n",
    "Host: 127.1\r\n",
    "Host: 2130706433\r\n",
    "Host: 0x7f.0.0.1\r\n",
    "Host: [::1\r\n",
    "Host: [::1]evil.example\r\n",
];

/// Addresses with a host of their own.
const ADDRESSES: [&str; 4] = [
    "http://evil.example/sign-in",
    "http://desk.example@evil.example/sign-in",
    "http://desk.example:81/sign-in",
    "//evil.example/sign-in",
];

/// Through the proxy, strange names reach nothing and stand in no answer.
async fn strange_names(desk: &DeskProcess) -> Outcome {
    let proxied = "X-Forwarded-Proto: https\r\nX-Forwarded-For: 198.51.100.9\r\n";
    for time in 0..5 {
        let odd = HOSTS.map(|host| ("/sign-in", host));
        let named = ADDRESSES.map(|address| (address, "Host: desk.example\r\n"));
        for (address, host) in odd.into_iter().chain(named) {
            let request = format!("GET {address} HTTP/1.1\r\n{host}{proxied}\r\n");
            let text = answered(PROXY, desk.web, &request).await?;
            let refused = ["400", "403", "404"]
                .iter()
                .any(|status| text.starts_with(&format!("HTTP/1.1 {status}")));
            ensure!(
                refused && !text.contains("evil"),
                "{time} {address} {host}: {text}"
            );
        }
    }
    let right = format!("GET /sign-in HTTP/1.1\r\nHost: desk.example\r\n{proxied}\r\n");
    let text = answered(PROXY, desk.web, &right).await?;
    ensure!(text.starts_with("HTTP/1.1 200"), "{text}");
    Ok(())
}

/// Past the proxy nobody reads or sends anything, whatever they say of themselves.
async fn past_the_proxy(desk: &DeskProcess) -> Outcome {
    let claims = [
        "",
        "X-Forwarded-Proto: https\r\n",
        "X-Forwarded-Proto: https\r\nX-Forwarded-For: 127.0.0.1\r\n",
        "X-Forwarded-Proto: https, https\r\n",
        "Forwarded: for=127.0.0.1;proto=https\r\n",
        "X-Forwarded-Host: desk.example\r\nX-Forwarded-Ssl: on\r\nFront-End-Https: on\r\n",
    ];
    for path in [
        "/sign-in",
        "/faq",
        "/static/style.css",
        "/api/v1/board",
        "/",
    ] {
        for claim in claims {
            let bearer = format!("Authorization: Bearer {}\r\n", desk.token());
            let request =
                format!("GET {path} HTTP/1.1\r\nHost: desk.example\r\n{claim}{bearer}\r\n");
            let text = answered(STRANGER, desk.web, &request).await?;
            let low = text.to_ascii_lowercase();
            ensure!(text.starts_with("HTTP/1.1 403"), "{path} {claim}: {text}");
            ensure!(!low.contains("set-cookie"), "{path} {claim}: {text}");
        }
    }
    let health = "GET /healthz HTTP/1.1\r\nHost: desk.example\r\n\r\n";
    let text = answered(STRANGER, desk.web, health).await?;
    ensure!(text.starts_with("HTTP/1.1 200"), "{text}");
    Ok(())
}

/// What the proxy tells of a visitor who has told it lies.
fn forwarded(lie: usize, visitor: &str) -> String {
    let lie = IpAddr::from([10, (lie / 65_536) as u8, (lie / 256) as u8, lie as u8]);
    format!("{lie}, 127.0.0.1, {visitor}")
}

/// Whoever claims another address with each request is still one visitor: so many requests.
async fn flood(desk: &DeskProcess) -> Outcome {
    let page = format!("http://{}/sign-in", desk.web);
    let client = client(PROXY)?;
    let ask = async |lie: usize, visitor: &str| {
        let request = client
            .get(&page)
            .header(header::HOST, "desk.example")
            .header("x-forwarded-proto", "https")
            .header("x-forwarded-for", forwarded(lie, visitor));
        Ok::<_, anyhow::Error>(answer(request).await?.0)
    };
    let mut served = 0;
    for hundred in 0..20 {
        let asked = (0..100).map(|n| ask(hundred * 100 + n, "198.51.100.7"));
        let statuses = try_join_all(asked).await?;
        served += statuses.iter().filter(|status| status.is_success()).count();
        let refused =
            |status: &StatusCode| status.is_success() || *status == StatusCode::TOO_MANY_REQUESTS;
        ensure!(statuses.iter().all(refused), "{statuses:?}");
        // The visitor next door notices nothing.
        let neighbour = ask(hundred, "198.51.100.8").await?;
        ensure!(neighbour == StatusCode::OK, "{neighbour}");
    }
    ensure!(
        served <= AT_ONCE + REFILLED,
        "{served} requests were served"
    );
    // Nor does a list without end, or one that is none, make anybody of it.
    for list in [
        "1.1.1.1, ".repeat(800),
        "x".repeat(7_000),
        ", ,".repeat(900),
    ] {
        let request = client
            .get(&page)
            .header(header::HOST, "desk.example")
            .header("x-forwarded-proto", "https")
            .header("x-forwarded-for", format!("{list}, 198.51.100.10"));
        let (status, ..) = answer(request).await?;
        ensure!(status == StatusCode::OK, "{status}");
    }
    Ok(())
}

/// Guesses at one account after another, each as somebody else; how many were looked at.
async fn guess(desk: &DeskProcess) -> anyhow::Result<usize> {
    let page = format!("http://{}/sign-in", desk.web);
    let client = client(PROXY)?;
    let visitor = "203.0.113.5";
    let through = |request: reqwest::RequestBuilder, lie: usize| {
        request
            .header(header::HOST, "desk.example")
            .header("x-forwarded-proto", "https")
            .header("x-forwarded-for", forwarded(lie, visitor))
    };
    let form = through(client.get(&page), 0).send().await?;
    let cookie = form.headers().get(header::SET_COOKIE).cloned();
    let cookie = cookie.and_then(|it| Some(it.to_str().ok()?.split(';').next()?.to_owned()));
    let cookie = cookie.unwrap_or_default();
    let text = form.text().await?;
    let csrf = text.split("name=\"_csrf\" value=\"").nth(1);
    let csrf = csrf
        .and_then(|rest| rest.split('"').next())
        .unwrap_or_default();
    let mut looked_at = 0;
    for n in 0..150 {
        let request = through(client.post(&page), n)
            .header(header::COOKIE, &cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(format!(
                "_csrf={csrf}&login=user{n}&password=wrong-wrong-wrong"
            ));
        let (status, _, text) = answer(request).await?;
        ensure!(
            status == StatusCode::UNPROCESSABLE_ENTITY,
            "{status} {text}"
        );
        looked_at += usize::from(text.contains("違います"));
    }
    Ok(looked_at)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_name_and_no_claim_brings_anybody_past_the_proxy() -> Outcome {
    siege(setup(), 15, async |desk| {
        strange_names(desk).await?;
        past_the_proxy(desk).await?;
        flood(desk).await?;
        let looked_at = guess(desk).await?;
        ensure!((1..=GUESSES_OF_ADDRESS).contains(&looked_at), "{looked_at}");
        // Beside the proxy a flood is one stranger's as well, and ends at the door.
        let beside = client(attacker(0))?;
        for n in 0..500 {
            let request = beside
                .get(format!("http://{}/sign-in", desk.web))
                .header("x-forwarded-for", forwarded(n, "198.51.100.8"));
            let (status, ..) = answer(request).await?;
            let refused = [StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS];
            ensure!(refused.contains(&status), "{status}");
        }
        Ok(())
    })
    .await?;
    Ok(())
}
