//! Somebody who uses the pages without a browser: keeps the cookie, and sends forms with their
//! token.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::{Context as _, ensure};
use futures::stream::{BoxStream, StreamExt as _, TryStreamExt as _};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, StatusCode, header};

/// Somebody who is signed in.
#[derive(Clone)]
pub struct Visitor {
    client: Client,
    web: SocketAddr,
    cookie: String,
}

/// What a page answers.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    /// Where it leads to.
    pub location: String,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The value of the first hidden field of this name.
    pub fn field(&self, name: &str) -> anyhow::Result<String> {
        let text = self.text();
        let start = format!("name=\"{name}\" value=\"");
        let (_, rest) = text
            .split_once(&start)
            .with_context(|| format!("no field {name}:\n{text}"))?;
        Ok(rest.split('"').next().unwrap_or_default().to_owned())
    }
}

impl Visitor {
    pub async fn sign_in(web: SocketAddr, login: &str, password: &str) -> anyhow::Result<Self> {
        Self::sign_in_from(Ipv4Addr::LOCALHOST.into(), web, login, password).await
    }

    /// Signs in from an address of this machine.
    pub async fn sign_in_from(
        here: IpAddr,
        web: SocketAddr,
        login: &str,
        password: &str,
    ) -> anyhow::Result<Self> {
        let client = crate::http_client()
            .redirect(Policy::none())
            .local_address(here);
        let mut visitor = Self {
            client: client.build()?,
            web,
            cookie: String::new(),
        };
        let form = visitor.get("/sign-in").await?;
        let token = form.field("_csrf")?;
        let body = format!("_csrf={token}&login={login}&password={password}");
        let answer = visitor.send(visitor.form("/sign-in", body)).await?;
        ensure!(answer.status == StatusCode::SEE_OTHER, "{}", answer.text());
        Ok(visitor)
    }

    /// Opens a page.
    pub async fn get(&mut self, path: &str) -> anyhow::Result<Answer> {
        self.send(self.request(Method::GET, path)).await
    }

    /// What comes from an address, part by part.
    pub async fn stream(
        &self,
        path: &str,
    ) -> anyhow::Result<BoxStream<'static, reqwest::Result<Vec<u8>>>> {
        let response = self.request(Method::GET, path).send().await?;
        let parts = response.error_for_status()?.bytes_stream();
        Ok(parts.map_ok(|part| part.to_vec()).boxed())
    }

    /// Sends a form of a page with its token.
    pub async fn submit(&mut self, page: &str, path: &str, body: &str) -> anyhow::Result<Answer> {
        let token = self.get(page).await?.field("_csrf")?;
        self.send(self.form(path, format!("_csrf={token}&{body}")))
            .await
    }

    /// Sends a form of a page with its token, its version and a file.
    pub async fn bring(&mut self, page: &str, name: &str, file: &[u8]) -> anyhow::Result<Answer> {
        let opened = self.get(page).await?;
        let mut body = Vec::new();
        for field in ["_csrf", "version"] {
            let value = opened.field(field)?;
            let part = format!(
                "--edge\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n"
            );
            body.extend_from_slice(part.as_bytes());
        }
        let head = format!(
            "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: audio/wav\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n--edge--\r\n");
        let request = self
            .request(Method::POST, page)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge")
            .body(body);
        self.send(request).await
    }

    fn form(&self, path: &str, body: String) -> RequestBuilder {
        self.request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("http://{}{path}", self.web))
            .header(header::COOKIE, &self.cookie)
    }

    async fn send(&mut self, request: RequestBuilder) -> anyhow::Result<Answer> {
        let response = request.send().await?;
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let pair = cookie.to_str()?.split(';').next().unwrap_or_default();
            let name = pair.split('=').next().unwrap_or_default();
            let others = self
                .cookie
                .split("; ")
                .filter(|other| !other.is_empty() && other.split('=').next() != Some(name));
            self.cookie = others.chain([pair]).collect::<Vec<_>>().join("; ");
        }
        let location = response.headers().get(header::LOCATION);
        let location = location.map_or(Ok(""), |location| location.to_str())?;
        Ok(Answer {
            status: response.status(),
            location: location.to_owned(),
            body: response.bytes().await?.to_vec(),
        })
    }
}
