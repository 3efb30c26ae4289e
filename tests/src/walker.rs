//! A browser without a screen: keeps cookies, follows redirects, sends the first form of a page.
//! It stops before it brings an identity provider's answer to the desk, so that a test may bring it
//! along in another way.

use anyhow::{Context, ensure};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, StatusCode, Url};

const CALLBACK: &str = "/sign-in/oidc/callback";

/// A browser without a screen.
#[derive(Debug, Clone)]
pub struct Walker(Client);

/// What a walker sees.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The status of the last answer.
    pub status: StatusCode,
    /// Where it is now.
    pub url: Url,
    /// The page.
    pub html: String,
}

impl Walker {
    /// A walker that trusts the certificates of these authorities alone.
    pub fn new(authorities: &[&str]) -> anyhow::Result<Self> {
        let mut trusted = Vec::new();
        for pem in authorities {
            trusted.push(Certificate::from_pem(pem.as_bytes())?);
        }
        let policy = Policy::custom(|attempt| {
            if attempt.url().path() == CALLBACK || attempt.previous().len() > 10 {
                attempt.stop()
            } else {
                attempt.follow()
            }
        });
        let client = crate::http_client()
            .cookie_store(true)
            .redirect(policy)
            .tls_certs_only(trusted)
            .no_proxy();
        Ok(Self(client.build()?))
    }

    /// Opens a page.
    pub async fn open(&self, url: &str) -> anyhow::Result<Seen> {
        Self::see(self.0.get(url).send().await?).await
    }

    /// Sends the form of a page with these fields, escaped already, after its hidden ones.
    pub async fn submit(&self, page: &Seen, fields: &str) -> anyhow::Result<Seen> {
        let (_, form) = page.html.split_once("<form").context("there is a form")?;
        let (form, _) = form.split_once("</form>").context("the form ends")?;
        let action = attribute(form, "action").context("the form leads somewhere")?;
        let mut body = fields.to_owned();
        for input in form
            .split("<input")
            .filter(|input| input.contains("hidden"))
        {
            let name = attribute(input, "name").context("a hidden field has a name")?;
            let value = attribute(input, "value").unwrap_or_default();
            body = format!("{body}&{name}={value}");
        }
        let request = self.0.post(page.url.join(action)?).body(body);
        let kind = "application/x-www-form-urlencoded";
        Self::see(request.header("content-type", kind).send().await?).await
    }

    /// Goes from the desk to the provider, signs in there, agrees, and stops on the way back: the
    /// address of the desk with the provider's answer.
    pub async fn to_callback(&self, desk: &str, login: &str) -> anyhow::Result<String> {
        let page = self
            .open(&format!("{desk}/sign-in/oidc?next=/board"))
            .await?;
        ensure!(page.html.contains("Enter any login"), "{page:#?}");
        let page = self
            .submit(&page, &format!("login={login}&password=x"))
            .await?;
        ensure!(page.html.contains("Continue"), "{page:#?}");
        let page = self.submit(&page, "agreed=1").await?;
        ensure!(page.status.is_redirection(), "{page:#?}");
        Ok(page.html)
    }

    /// Signs in by the provider.
    pub async fn sign_in(&self, desk: &str, login: &str) -> anyhow::Result<Seen> {
        let back = self.to_callback(desk, login).await?;
        self.open(&back).await
    }

    async fn see(response: reqwest::Response) -> anyhow::Result<Seen> {
        let (status, url) = (response.status(), response.url().clone());
        let place = response.headers().get("location");
        let place = place.map(|place| place.to_str().map(str::to_owned));
        let html = match place.transpose()? {
            Some(place) => place,
            None => response.text().await?,
        };
        Ok(Seen { status, url, html })
    }
}

/// The value of an attribute; its letters are not escaped in the forms that are walked through.
fn attribute<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("{name}=\""))?;
    rest.split('"').next()
}
