//! API tokens: tried beyond their scope at every page there is, and guessed at.

use anyhow::ensure;
use futures::future::try_join_all;
use madoguchi_core::access::Permission;
use madoguchi_tests::desk::Setup;
use madoguchi_tests::process::DeskProcess;
use madoguchi_tests::siege::siege;
use madoguchi_web::{Declared, Need, declared};
use reqwest::{Method, StatusCode, header};

use super::visitors::{answer, attacker, client, token};

type Outcome = anyhow::Result<()>;

/// Scopes of which one token each is stolen. Their owner is supervisor and administrator.
const STOLEN: [Permission; 5] = [
    Permission::ViewBoard,
    Permission::ViewCalls,
    Permission::ManageDesk,
    Permission::ManageUsers,
    Permission::ReadKnowledge,
];
/// So many thieves, each with so many wrong tokens.
const THIEVES: usize = 30;
const GUESSES: usize = 100;

/// Whether a token of this scope may come as far as the handler of a route.
fn reaches(route: &Declared, scope: Permission) -> bool {
    match route.need {
        Need::Public => true,
        Need::Portal => scope == Permission::ReadKnowledge,
        Need::SignedIn => false,
        Need::Permission(needs) => needs == scope && !route.again,
    }
}

/// Tries a token everywhere it does not reach.
async fn try_beyond(desk: &DeskProcess, n: usize, scope: Permission, secret: &str) -> Outcome {
    let client = client(attacker(n))?;
    let routes: Vec<_> = declared()
        .into_iter()
        .filter(|route| !reaches(route, scope))
        .collect();
    ensure!(routes.len() > 100, "{} routes", routes.len());
    for route in routes {
        let path = route.path.replace(['{', '}'], "");
        let url = format!("http://{}{path}", desk.web);
        let method = if route.method == "POST" {
            Method::POST
        } else {
            Method::GET
        };
        let form = "application/x-www-form-urlencoded";
        let request = client
            .request(method, url)
            .bearer_auth(secret)
            .header(header::CONTENT_TYPE, form)
            .body("name=t&days=30&scope=account&login=evil&role=administrator");
        let (status, _, text) = answer(request).await?;
        ensure!(
            status == StatusCode::FORBIDDEN,
            "{scope:?} {} {path}: {status} {text}",
            route.method
        );
    }
    Ok(())
}

/// Something that is not the token, the more like it the better.
fn wrong(secret: &str, n: usize) -> String {
    let at = n % secret.len();
    let other = if secret.get(at..=at) == Some("A") {
        "B"
    } else {
        "A"
    };
    let (before, after) = (secret.get(..at), secret.get(at + 1..));
    let changed = [before, Some(other), after].map(Option::unwrap_or_default);
    let shorter = secret.get(..secret.len() - 1).unwrap_or_default();
    match n % 8 {
        0 => format!("Bearer mdg_{n:043}"),
        1 => format!("Bearer {shorter}"),
        2 => format!("Bearer {secret}A"),
        3 => format!("Bearer {}", secret.to_uppercase()),
        4 => format!("Basic {secret}"),
        5 => format!("Bearer \"{secret}\""),
        6 => format!("Bearer {}", "A".repeat(4_000)),
        _ => format!("Bearer {}", changed.concat()),
    }
}

/// Guesses at a token; none is let in.
async fn guess(desk: &DeskProcess, thief: usize, secret: &str) -> Outcome {
    let client = client(attacker(100 + thief))?;
    for n in 0..GUESSES {
        let guess = wrong(secret, thief * GUESSES + n);
        let paths = ["/api/v1/board", "/api/v1/calls", "/metrics", "/account"];
        let path = paths.get(n % paths.len()).copied().unwrap_or_default();
        // A token is no session, and an address is no place for one.
        let request = client
            .get(format!("http://{}{path}?token={secret}", desk.web))
            .header(header::COOKIE, format!("madoguchi={secret}"))
            .header(header::AUTHORIZATION, &guess);
        let (status, place, _) = answer(request).await?;
        let to_sign_in = status == StatusCode::SEE_OTHER && place.starts_with("/sign-in");
        ensure!(
            status == StatusCode::UNAUTHORIZED || to_sign_in,
            "{path}: {status} {place}"
        );
        // An attack lasts some seconds; in one moment it would measure the machine.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn stolen_and_guessed_tokens_reach_nothing_beyond_their_scope() -> Outcome {
    siege(Setup::default(), 12, async |desk| {
        let mut stolen = Vec::new();
        for scope in STOLEN {
            stolen.push((scope, token(desk, "robot", scope.as_str()).await?));
        }
        let secret = desk.token();
        let tried = stolen
            .iter()
            .enumerate()
            .map(|(n, (scope, secret))| try_beyond(desk, n, *scope, secret));
        let guessed = (0..THIEVES).map(|thief| guess(desk, thief, secret));
        tokio::try_join!(try_join_all(tried), try_join_all(guessed))?;
        // Nobody was made, and the right one still opens its door.
        let made = desk.output(&["account", "reset", "evil"]).await?;
        ensure!(made.is_empty(), "{made}");
        desk.today().await?;
        Ok(())
    })
    .await?;
    Ok(())
}
