//! Takes up what other nodes have changed.

use std::sync::Arc;

use anyhow::Context as _;
use futures::future::BoxFuture;

use super::Setup;
use crate::live::LiveDesk;
use crate::scheduler::{Progress, Work};

/// Takes up what other nodes have changed.
pub(crate) struct Following {
    pub(crate) setup: Arc<Setup>,
    pub(crate) live: Arc<LiveDesk>,
}

impl Work for Following {
    fn run(&mut self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(async move {
            if self.live.database_up() {
                let applied = self.setup.apply(&*self.live).await;
                applied.context("the settings made on screens cannot be taken up")?;
            }
            Ok(Progress::Again)
        })
    }
}
