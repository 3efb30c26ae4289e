//! A visitor who has a keyboard alone.

use anyhow::{bail, ensure};
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::key::Key;
use serde_json::{Value, json};

use super::Browser;

/// More steps than any page has stops.
const STEPS: usize = 200;

impl Browser {
    /// Presses keys one after the other, whatever has the focus.
    pub async fn press(&self, keys: impl IntoIterator<Item = char>) -> anyhow::Result<()> {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for value in keys {
            actions = actions
                .then(KeyAction::Down { value })
                .then(KeyAction::Up { value });
        }
        self.client.perform_actions(actions).await?;
        Ok(())
    }

    /// Types a text where the cursor stands, once it stands somewhere: a page that was just opened moves
    /// it into its first field with its first frame, which comes late on a busy machine.
    pub async fn write(&self, text: &str) -> anyhow::Result<()> {
        self.until_true(CURSOR).await?;
        self.press(text.chars()).await
    }

    /// Goes on with Tab until something has the focus that fits a CSS selector. At every stop the
    /// focus must be seen.
    pub async fn tab_to(&self, selector: &str) -> anyhow::Result<()> {
        for _ in 0..STEPS {
            self.press([Key::Tab.into()]).await?;
            self.focus_is_seen().await?;
            if self.has_focus(selector).await? {
                return Ok(());
            }
        }
        bail!("Tab does not lead to {selector}")
    }

    /// Whether what has the focus fits a CSS selector.
    pub async fn has_focus(&self, selector: &str) -> anyhow::Result<bool> {
        let script = "return document.activeElement.matches(arguments[0])";
        let found = self.client.execute(script, vec![json!(selector)]).await?;
        Ok(found == true)
    }

    /// The focus has the outline of the design system, on the screen, under nothing.
    pub async fn focus_is_seen(&self) -> anyhow::Result<()> {
        let seen = self.client.execute(FOCUS, Vec::new()).await?;
        let field = |name: &str| seen.get(name).and_then(Value::as_bool) == Some(true);
        ensure!(
            field("outlined") && field("inside") && field("above"),
            "{seen:#}"
        );
        Ok(())
    }
}

const CURSOR: &str = "return document.activeElement.matches('input, textarea, [contenteditable]')";

const FOCUS: &str = "
    const element = document.activeElement;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + Math.min(box.height / 2, 20)];
    const top = document.elementFromPoint(x, y);
    return {
        element: element.outerHTML.slice(0, 200),
        outline: style.outline,
        outlined: style.outlineStyle === 'solid' && parseFloat(style.outlineWidth) >= 4,
        inside: box.width > 0 && x >= 0 && y >= 0 && x <= innerWidth && y <= innerHeight,
        above: top !== null && (element.contains(top) || top.contains(element)),
    };";
