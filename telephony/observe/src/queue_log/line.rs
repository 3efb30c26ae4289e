//! One line of the log.

use madoguchi_core::event::AbandonReason;
use madoguchi_core::time::Instant;

use crate::instants::{self, is_digits};

/// What a line tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A caller entered the queue.
    Entered { caller: String },
    /// A caller and an agent were connected.
    Connected,
    /// The caller hung up while waiting.
    Abandoned,
    /// The longest wait was reached.
    TimedOut,
    /// Nobody was in the queue to take calls.
    Empty,
    /// The caller pressed a key to leave.
    LeftByKey,
    /// An agent did not answer.
    NoAnswer { rang_ms: i64 },
    /// The caller ended the conversation.
    CompletedByCaller,
    /// The agent ended it.
    CompletedByAgent,
    /// The agent handed the caller on.
    Transferred { to: String },
    /// A caller was turned away before entering the queue, or the dial plan tells how one left it.
    TurnedAway(AbandonReason),
    /// The queue was closed.
    Closed,
    /// Asterisk was started: what was open before has no end.
    Started,
    /// Pauses, log-ins, members.
    NotAboutCalls,
}

/// One line.
#[derive(Debug, Clone)]
pub(super) struct Line<'a> {
    pub(super) at: Instant,
    pub(super) unique_id: &'a str,
    pub(super) queue: &'a str,
    pub(super) agent: &'a str,
    pub(super) kind: Kind,
}

const NOT_ABOUT_CALLS: [&str; 21] = [
    "CONFIGRELOAD",
    "PAUSE",
    "UNPAUSE",
    "PAUSEALL",
    "UNPAUSEALL",
    "PAUSEREASON",
    "ADDMEMBER",
    "REMOVEMEMBER",
    "RINGINUSE",
    "PENALTY",
    "AGENTLOGIN",
    "AGENTLOGOFF",
    "AGENTCALLBACKLOGIN",
    "AGENTCALLBACKLOGOFF",
    "RINGCANCELED",
    "DID",
    "INFO",
    "SYSCOMPAT",
    "CALLSTATUS",
    "EXITWITHKEYINFO",
    "AGENTDUMP",
];

impl<'a> Line<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, String> {
        let mut fields = text.split('|');
        let mut next = || fields.next();
        let (Some(epoch), Some(unique_id), Some(queue), Some(agent), Some(event)) =
            (next(), next(), next(), next(), next())
        else {
            return Err("項目が足りません".to_owned());
        };
        let data: Vec<&str> = fields.collect();
        let at = instant(epoch).ok_or_else(|| format!("「{epoch}」は時刻ではありません"))?;
        let kind = read_kind(event.trim(), &data)?;
        let names_no_call = matches!(kind, Kind::NotAboutCalls | Kind::Started);
        if !names_no_call && (unique_id.is_empty() || unique_id == "NONE") {
            return Err(format!("{event} に呼の識別番号がありません"));
        }
        Ok(Self {
            at,
            unique_id,
            queue,
            agent,
            kind,
        })
    }
}

fn read_kind(event: &str, data: &[&str]) -> Result<Kind, String> {
    let field = |at: usize| data.get(at).copied().unwrap_or_default();
    Ok(match event {
        "ENTERQUEUE" => Kind::Entered {
            caller: number_of(field(1)).to_owned(),
        },
        "QUEUESTART" => Kind::Started,
        "CONNECT" => {
            number(event, field(0))?;
            Kind::Connected
        }
        "ABANDON" => Kind::Abandoned,
        "EXITWITHTIMEOUT" => Kind::TimedOut,
        // Written by dial plans of distributions for callers who never entered.
        "FULL" => Kind::TurnedAway(AbandonReason::QueueFull),
        "JOINEMPTY" | "LEAVEEMPTY" => Kind::TurnedAway(AbandonReason::NoAgent),
        "CLOSED" => Kind::Closed,
        name if name.starts_with("DIVERT_") => Kind::TurnedAway(AbandonReason::QueueFull),
        "EXITCODE" => exit_code(field(0)),
        "EXITEMPTY" => Kind::Empty,
        "EXITWITHKEY" => Kind::LeftByKey,
        "RINGNOANSWER" => Kind::NoAnswer {
            rang_ms: number(event, field(0))?,
        },
        "COMPLETECALLER" => {
            number(event, field(0))?;
            Kind::CompletedByCaller
        }
        "COMPLETEAGENT" => {
            number(event, field(0))?;
            Kind::CompletedByAgent
        }
        // TRANSFER and BLINDTRANSFER begin with extension and context; ATTENDEDTRANSFER with the
        // way in which it was done (BRIDGE, APP, LINK …).
        "TRANSFER" | "BLINDTRANSFER" => Kind::Transferred {
            to: field(0).to_owned(),
        },
        "ATTENDEDTRANSFER" => Kind::Transferred {
            to: field(1).to_owned(),
        },
        name if NOT_ABOUT_CALLS.contains(&name) => Kind::NotAboutCalls,
        "" => return Err("種別が空です".to_owned()),
        name => return Err(format!("「{name}」は知らない種別です")),
    })
}

/// What a dial plan tells of the way out (QUEUESTATUS).
fn exit_code(status: &str) -> Kind {
    match status.trim().to_ascii_uppercase().as_str() {
        "TIMEOUT" => Kind::TurnedAway(AbandonReason::MaxWait),
        "FULL" => Kind::TurnedAway(AbandonReason::QueueFull),
        "JOINEMPTY" | "LEAVEEMPTY" | "JOINUNAVAIL" | "LEAVEUNAVAIL" => {
            Kind::TurnedAway(AbandonReason::NoAgent)
        }
        _ => Kind::NotAboutCalls,
    }
}

/// The number of `"name" <number>`.
fn number_of(text: &str) -> &str {
    let inner = text
        .rsplit_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or(text, |(number, _)| number).trim()
}

/// A number that may not be negative; what is missing is not wrong.
fn number(event: &str, text: &str) -> Result<i64, String> {
    if text.is_empty() {
        return Ok(0);
    }
    match text.trim().parse() {
        Ok(number) if number >= 0 => Ok(number),
        _ => Err(format!("{event} の値「{text}」は0以上の整数ではありません")),
    }
}

/// Seconds since 1970, with or without a fraction; or a date and time.
fn instant(text: &str) -> Option<Instant> {
    let (secs, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    if secs.is_empty() || !is_digits(secs) || !is_digits(fraction) {
        return instants::instant(text);
    }
    let secs: i64 = secs.parse().ok()?;
    let millis: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    // Later than the year 9999 is a typing error.
    (secs < 253_402_300_800).then_some(Instant(secs * 1000 + millis))
}
