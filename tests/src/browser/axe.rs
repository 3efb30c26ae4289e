//! The rules of WCAG as far as a program can check them: axe-core, run in the page.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::Value;

use super::Browser;

/// Puts axe-core into the page once, runs it, and gives what breaks a rule of level A or AA.
const RUN: &str = "
    const [options, done] = arguments;
    axe.run(document, options).then((found) => done(found.violations), (error) => done(String(error)));";

impl Browser {
    /// Checks the page that is open. What is wrong names the rule and the element.
    pub async fn violations(&self) -> anyhow::Result<Vec<String>> {
        self.bring_axe().await?;
        let options = serde_json::json!({
            "runOnly": {
                "type": "tag",
                "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
            },
            // Not asked for by the tag alone.
            "rules": { "target-size": { "enabled": true } },
        });
        let found = self.client.execute_async(RUN, vec![options]).await?;
        let Some(found) = found.as_array() else {
            bail!("axe-core did not run: {found}");
        };
        Ok(found.iter().map(tell).collect())
    }

    async fn bring_axe(&self) -> anyhow::Result<()> {
        let there = self.client.execute("return 'axe' in window", Vec::new());
        if there.await? == true {
            return Ok(());
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let place = folder.join("node_modules/axe-core/axe.min.js");
        let source = std::fs::read_to_string(&place)
            .context("axe-core is missing: run scripts/install-test.sh")?;
        self.client.execute(&source, Vec::new()).await?;
        Ok(())
    }
}

/// One broken rule: its name, what it asks for, and each element with what is wrong.
fn tell(violation: &Value) -> String {
    let text = |value: &Value, name: &str| {
        let field = value.get(name).and_then(Value::as_str);
        field.unwrap_or_default().to_owned()
    };
    let mut told = format!("{} ({})", text(violation, "id"), text(violation, "help"));
    let nodes = violation.get("nodes").and_then(Value::as_array);
    for node in nodes.into_iter().flatten() {
        let why = text(node, "failureSummary").replace('\n', " ");
        // Writing to a string cannot fail.
        let _infallible = write!(told, "\n    {}\n      {why}", text(node, "html"));
    }
    told
}
