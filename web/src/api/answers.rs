//! What the API answers about calls, agents and hours.

use madoguchi_core::call::CallRecord;
use madoguchi_core::event::CallEvent;
use madoguchi_core::figures::Figures;
use madoguchi_core::hours::HoursReason;
use madoguchi_core::live::DeskSnapshot;
use madoguchi_core::today::Today;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(super) struct Board {
    pub(super) now: String,
    pub(super) open: bool,
    pub(super) target_answer_rate: u32,
    pub(super) today: Today,
    pub(super) by_agent: Vec<AgentFigures>,
    pub(super) desk: DeskSnapshot,
    pub(super) database_up: bool,
    pub(super) backlog: u64,
}

#[derive(Serialize, ToSchema)]
pub(super) struct AgentFigures {
    pub(super) agent: Option<String>,
    #[serde(flatten)]
    pub(super) figures: Figures,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Call {
    pub(super) call: CallRecord,
    pub(super) events: Vec<CallEvent>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Hours {
    pub(super) open: bool,
    pub(super) reason: HoursReason,
    pub(super) closes_at: Option<String>,
    pub(super) opens_at: Option<String>,
}
