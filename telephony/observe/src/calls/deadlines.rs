//! How long a dialog is waited for of which nothing more is seen.

use crate::capture::Micros;
use crate::dialog::Dialog;

/// How long after its end a dialog is kept, for what is sent again (RFC 3261: 64 T1).
const LINGER: Micros = Micros::from_secs(32);
/// How long somebody may take to bring what a refusal asked for.
const RETRY: Micros = Micros::from_secs(180);
/// Nobody waits longer for an answer.
const UNANSWERED_AT_MOST: Micros = Micros::from_secs(3_600);
/// Voice that was heard and has stopped for so long, without hold, was the end of a call.
const MEDIA_SILENCE: Micros = Micros::from_secs(120);
/// A call of which nothing else is known ends after so long without a message.
const SILENCE_AT_MOST: Micros = Micros::from_secs(4 * 3_600);

/// When the next thing is to be done about a dialog.
pub(super) fn deadline(dialog: &Dialog) -> Micros {
    if dialog.end.is_some() {
        return dialog.last_seen.after(LINGER);
    }
    if dialog.waits_for_another_invite() {
        return dialog.last_seen.after(RETRY);
    }
    if !dialog.is_answered() {
        return dialog.last_seen.after(UNANSWERED_AT_MOST);
    }
    let silence = dialog.last_seen.after(SILENCE_AT_MOST);
    match (dialog.last_media, dialog.session_until()) {
        (Some(media), _) if !dialog.is_held() => media.max(dialog.last_seen).after(MEDIA_SILENCE),
        (_, Some(until)) => until.after(LINGER),
        _ => silence,
    }
}
