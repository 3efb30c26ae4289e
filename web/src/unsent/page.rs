//! The page on which a form stands that was sent.

use axum::http::{HeaderMap, Uri, header};

use crate::sign_in::next::local;

/// The page of ours from which a form comes, if the browser names it.
pub(super) fn page_of(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let from: Uri = text(header::REFERER)?.parse().ok()?;
    let host = from.authority()?.as_str();
    if text(header::HOST) != Some(host) {
        return None;
    }
    let page = local(from.path_and_query()?.as_str());
    let leads_on = !page.is_empty() && !page.starts_with("/sign-");
    leads_on.then(|| page.to_owned())
}

/// Where the form is sent to by its other buttons, which is how it is known on its page.
pub(super) fn form_of(path: &str) -> &str {
    match path {
        "/reception/files" => "/reception",
        other => other,
    }
}

/// The nearest page at or above an address; `pages` are the paths of all, with `{names}` for what varies.
pub(crate) fn page_above(pages: &[&str], path: &str) -> Option<String> {
    // Agents' states are set on the board.
    if path.starts_with("/agents/") && path.ends_with("/state") {
        return Some("/board".to_owned());
    }
    let mut above = form_of(path);
    while !above.is_empty() {
        if pages.iter().any(|page| fits(page, above)) {
            return Some(local(above).to_owned()).filter(|page| !page.is_empty());
        }
        (above, _) = above.rsplit_once('/')?;
    }
    None
}

/// Whether an address is one of a page.
fn fits(page: &str, path: &str) -> bool {
    let same = |(page, path): (&str, &str)| {
        page == path || (page.starts_with('{') && !page.starts_with("{*") && !path.is_empty())
    };
    page.split('/').count() == path.split('/').count()
        && page.split('/').zip(path.split('/')).all(same)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_page_of_a_form_is_one_of_ours() {
        let page = |from: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("desk.example"));
            headers.insert(header::REFERER, HeaderValue::from_str(from).unwrap());
            page_of(&headers)
        };
        let ours = page("https://desk.example/articles/a1/edit?x=1");
        assert_eq!(ours.as_deref(), Some("/articles/a1/edit?x=1"));
        for other in [
            "https://evil.example/articles",
            "https://desk.example/sign-in?next=/",
            "https://desk.example//evil.example/",
            "nonsense",
            "",
        ] {
            assert_eq!(page(other), None, "{other}");
        }
    }

    #[test]
    fn where_no_page_is_named_the_nearest_above_the_form_is_the_page() {
        let pages = [
            "/articles",
            "/articles/{id}",
            "/articles/{id}/edit",
            "/static/{*path}",
        ];
        let above = |path: &str| page_above(&pages, path);
        assert_eq!(
            above("/articles/a1/edit").as_deref(),
            Some("/articles/a1/edit")
        );
        assert_eq!(
            above("/articles/a1/submit").as_deref(),
            Some("/articles/a1")
        );
        assert_eq!(above("/articles").as_deref(), Some("/articles"));
        assert_eq!(above("/agents/tanaka/state").as_deref(), Some("/board"));
        for nowhere in ["/views", "/static/x", "/", "//evil.example"] {
            assert_eq!(above(nowhere), None, "{nowhere}");
        }
    }
}
