//! What a running desk does again and again ([`crate::periodic`]), with what each piece needs.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use madoguchi_core::account::SessionLimits;
use madoguchi_core::portal::Sites;
use madoguchi_kb::Knowledge;
use madoguchi_store::Store;
use madoguchi_web::Seal;

use crate::clock_watch::ClockWatch;
use crate::config::KnowledgeConfig;
use crate::installation::{Installation, Remembering};
use crate::live::LiveDesk;
use crate::monthly::{Changes, Drafts, Months};
use crate::periodic::{self, job};
use crate::scheduler::Job;
use crate::sealing::Sealing;
use crate::setup::{Setup, following};
use crate::{housekeeping, knowledge};

/// What periodic work needs.
pub(super) struct Periodic {
    pub(super) setup: Arc<Setup>,
    pub(super) live: Arc<LiveDesk>,
    pub(super) store: Store,
    pub(super) limits: SessionLimits,
    pub(super) seal: Seal,
    pub(super) installation: Installation,
    pub(super) key: [u8; 32],
    pub(super) data_dir: PathBuf,
    pub(super) knowledge: KnowledgeConfig,
    /// Where searches find the index, if articles are searched.
    pub(super) search: Option<Arc<OnceLock<Knowledge>>>,
    /// 拠点 by the numbers from which their staff call.
    pub(super) sites: Sites,
}

impl Periodic {
    pub(super) fn jobs(self) -> Vec<Job> {
        let (store, clock) = (self.store, self.live.clock.clone());
        let months = Months {
            store: store.clone(),
            live: self.live.clone(),
            sites: self.sites,
        };
        let settings = following::Following {
            setup: self.setup,
            live: self.live,
        };
        let sessions = housekeeping::Sessions {
            store: store.clone(),
            clock: clock.clone(),
            limits: self.limits,
        };
        let audit_end = housekeeping::AuditEnd {
            store: store.clone(),
        };
        let sealing = Sealing {
            store: store.clone(),
            seal: self.seal,
        };
        let word_index = housekeeping::WordIndex {
            store: store.clone(),
        };
        let ticket_briefs = housekeeping::TicketBriefs {
            store: store.clone(),
        };
        let remembering = Remembering {
            installation: self.installation,
            store: store.clone(),
            key: self.key,
            data_dir: self.data_dir.clone(),
        };
        let clock_watch = ClockWatch::new(clock.clone(), self.data_dir.clone());
        let retention = housekeeping::Retention::new(store.clone(), clock.clone());
        let mut jobs = vec![
            job(periodic::SETTINGS, settings),
            job(periodic::CLOCK, clock_watch),
            job(periodic::SESSIONS, sessions),
            job(periodic::RETENTION, retention),
            job(periodic::REPORTS, Drafts(months.clone())),
            job(periodic::EDITION_CHANGES, Changes::of(months)),
            job(periodic::AUDIT_END, audit_end),
            job(periodic::SEALING, sealing),
            job(periodic::WORD_INDEX, word_index),
            job(periodic::TICKET_BRIEFS, ticket_briefs),
            job(periodic::INSTALLATION, remembering),
        ];
        if let Some(shown) = self.search {
            let following = knowledge::Following {
                config: self.knowledge,
                data_dir: self.data_dir,
                store,
                clock,
                shown,
                opened: None,
            };
            jobs.push(job(periodic::KNOWLEDGE, following));
        }
        jobs
    }
}
