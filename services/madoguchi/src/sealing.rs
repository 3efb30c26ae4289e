//! Secrets that earlier versions kept more openly are brought to today's form when the desk starts.

use futures::future::BoxFuture;
use madoguchi_core::setup::{AGENT, ScreenAgent};
use madoguchi_store::{Store, StoreError};
use madoguchi_web::{Seal, operator};

use crate::scheduler::{Progress, Work};

/// Does so, as soon as the store takes it.
pub(crate) struct Sealing {
    pub(crate) store: Store,
    pub(crate) seal: Seal,
}

impl Work for Sealing {
    fn run(&mut self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(async move {
            seal_all(&self.store, &self.seal).await?;
            Ok(Progress::Finished)
        })
    }
}

async fn seal_all(store: &Store, seal: &Seal) -> Result<(), StoreError> {
    let sealed = store.rewrite_settings(AGENT, |data| sealed(data, seal));
    let sealed = sealed.await?;
    if sealed > 0 {
        tracing::info!(
            versions = sealed,
            "what phones prove themselves with is sealed"
        );
    }
    operator::slow_down_recovery_codes(store).await
}

/// An agent as it is kept, sealed; `None` if it is, or cannot be read.
fn sealed(data: &str, seal: &Seal) -> Option<String> {
    let agent: ScreenAgent = serde_json::from_str(data).ok()?;
    let sealed = agent.sealed(|text| seal.seal(text.as_bytes()))?;
    serde_json::to_string(&sealed).ok()
}

#[cfg(test)]
mod tests {
    use madoguchi_core::audit::{Action, AuditEntry, Fields};
    use madoguchi_core::setup::{AgentConfig, StoredHashes};
    use madoguchi_core::time::Instant;
    use madoguchi_store::NewVersion;

    use super::*;
    use crate::setup::phone_hashes;

    #[tokio::test]
    async fn phones_of_an_earlier_version_are_sealed_in_every_version_and_stay_good() {
        let store = Store::open("sqlite::memory:").await.unwrap();
        let hashes = phone_hashes("202", "desk", "pass-word");
        let agent = ScreenAgent {
            agent: AgentConfig::new("suzuki", "鈴木", "202"),
            hashes: StoredHashes::Plain(hashes.clone()),
            password_at: Instant(0),
        };
        let entry = AuditEntry::of_system(Instant(1), Action::PhoneChange, "", Fields::new());
        for replaces in [0, 1] {
            let version = NewVersion {
                kind: AGENT,
                id: "suzuki".to_owned(),
                replaces,
                data: Some(serde_json::to_string(&agent).unwrap()),
            };
            let mut tx = store.begin(entry.clone()).await.unwrap();
            tx.save_setting(&version).await.unwrap();
            tx.commit().await.unwrap();
        }
        let stamp = store.settings_stamp().await.unwrap();
        let seal = Seal::new(&[7; 32]);
        seal_all(&store, &seal).await.unwrap();
        for kept in store.setting_history(AGENT, "suzuki").await.unwrap() {
            let data = kept.data.unwrap();
            assert!(!data.contains(&hashes.sha256) && !data.contains(&hashes.md5));
            let kept: ScreenAgent = serde_json::from_str(&data).unwrap();
            let open = |text: &str| String::from_utf8(seal.open(text)?).ok();
            assert_eq!(kept.joined(open).hashes.as_ref(), Some(&hashes));
        }
        assert_eq!(
            store.settings_stamp().await.unwrap(),
            stamp,
            "nothing was set"
        );
        let again = store.rewrite_settings(AGENT, |data| sealed(data, &seal));
        assert_eq!(again.await.unwrap(), 0);
    }
}
