//! How a page is looked at: how large, how bright, and how heavy it is.

use std::fmt;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::Browser;

/// A way to look at a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// The width of the window in CSS pixels.
    pub width: u32,
    pub height: u32,
    /// The visitor prefers dark colours.
    pub dark: bool,
}

const fn look(width: u32, height: u32, dark: bool) -> Look {
    Look {
        width,
        height,
        dark,
    }
}

impl Look {
    /// A desk's screen by day.
    pub const DESK: Self = look(1280, 800, false);
    /// A telephone by day.
    pub const PHONE: Self = look(390, 844, false);
    /// A desk and a telephone by day: what people do has to go well at both.
    pub const BOTH: [Self; 2] = [Self::DESK, Self::PHONE];
    /// A desk and a telephone, by day and by night.
    pub const ALL: [Self; 4] = [
        Self::DESK,
        look(1280, 800, true),
        Self::PHONE,
        look(390, 844, true),
    ];
}

impl fmt::Display for Look {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.dark { "dark" } else { "light" };
        write!(formatter, "{}×{} {scheme}", self.width, self.height)
    }
}

impl Browser {
    /// Starts a browser that looks at its pages in this way.
    pub async fn looking(look: Look) -> anyhow::Result<Self> {
        // No window is as narrow as a telephone; the page is told that it is.
        let browser = Self::start(look.width.max(500), look.height).await?;
        browser.look(look).await?;
        Ok(browser)
    }

    /// Does the same at a desk and at a telephone, with a browser of its own for each.
    pub async fn at_both(visit: impl AsyncFn(&Self) -> anyhow::Result<()>) -> anyhow::Result<()> {
        for look in Look::BOTH {
            let browser = Self::looking(look).await?;
            visit(&browser).await.with_context(|| look.to_string())?;
            browser.close().await?;
        }
        Ok(())
    }

    /// Looks at this page and all that follow in this way.
    pub async fn look(&self, look: Look) -> anyhow::Result<()> {
        let size = json!({
            "width": look.width,
            "height": look.height,
            "deviceScaleFactor": 1,
            "mobile": look.width < 600,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", size)
            .await?;
        let scheme = if look.dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        )
        .await?;
        Ok(())
    }

    /// A picture (PNG) of what is seen of the page.
    pub async fn picture(&self) -> anyhow::Result<Vec<u8>> {
        Ok(self.client.screenshot().await?)
    }

    /// How many bytes a first visit to a page brings over the line, heads of the answers included,
    /// with what each part weighs.
    pub async fn weigh(&self, address: &str) -> anyhow::Result<(u64, String)> {
        self.devtools("Network.clearBrowserCache", json!({}))
            .await?;
        self.client.goto(address).await?;
        let script = "
            const done = arguments[0];
            const kinds = ['navigation', 'resource'];
            const tell = () => done(kinds.flatMap((kind) => performance.getEntriesByType(kind))
                .filter((entry) => entry.initiatorType !== 'eventsource')
                .map((entry) => [entry.name, entry.transferSize]));
            document.fonts.ready.then(() => setTimeout(tell, 100));";
        let parts = self.client.execute_async(script, Vec::new()).await?;
        let parts = parts.as_array().context("a list of parts")?;
        let weights = parts.iter().filter_map(|part| part.get(1)?.as_u64());
        let weight = weights.sum();
        ensure!(weight > 0, "{address} weighs something: {parts:?}");
        Ok((weight, format!("{parts:?}")))
    }

    /// Asks the browser itself, by the protocol of its developer tools.
    pub async fn devtools(&self, command: &str, parameters: Value) -> anyhow::Result<Value> {
        let (driver, session) = (self.driver, &self.session);
        let address = format!("http://{driver}/session/{session}/goog/cdp/execute");
        let request = crate::http_client()
            .build()?
            .post(address)
            .json(&json!({ "cmd": command, "params": parameters }));
        let answer: Value = request.send().await?.error_for_status()?.json().await?;
        Ok(answer.get("value").cloned().unwrap_or_default())
    }
}
