//! The body of a request as we take it: so large, so long in coming, and never waited for long.

use std::error::Error;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use tokio::time::{Instant, timeout_at};

use crate::error::WebError;
use crate::limits::{FileUse, FormUse};

/// Between two parts of a body passes no more time.
const QUIET: Duration = Duration::from_secs(10);
const FORM_WITHIN: Duration = Duration::from_secs(12);
const UPLOAD_WITHIN: Duration = Duration::from_secs(120);
/// So many times the size that is taken is read of a form, and thrown away, before the connection is given up.
const READ_ON: u64 = 4;
/// So much is read of a form with a file, whatever is taken: a film that somebody chose by mistake.
const UPLOAD_READ_ON: u64 = 4 << 30;

/// How much of a body is taken, and how much of it is read, for a browser that cannot finish sending does not
/// show the answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    taken_bytes: u64,
    read_bytes: u64,
    within: Duration,
}

impl Allowance {
    /// For a form.
    pub(crate) const fn form(form_use: FormUse) -> Self {
        let taken_bytes = form_use.bytes() as u64;
        Self {
            taken_bytes,
            read_bytes: taken_bytes * READ_ON,
            within: FORM_WITHIN,
        }
    }

    /// For a form with a file.
    pub(crate) const fn upload(file_use: FileUse) -> Self {
        Self {
            taken_bytes: file_use.bytes() as u64,
            read_bytes: UPLOAD_READ_ON,
            within: UPLOAD_WITHIN,
        }
    }
}

/// A body that keeps within its limits, or fails.
pub(crate) type Taken = BoxStream<'static, Result<Bytes, BodyFault>>;

/// Why a body is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyFault {
    /// More than is taken.
    #[error("the body is too large")]
    TooLarge,
    /// It does not come, or not soon enough.
    #[error("the body is too slow")]
    TooSlow,
    /// The connection broke off.
    #[error("the body broke off")]
    Broken,
}

impl From<BodyFault> for WebError {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::TooLarge => Self::TooLarge(FormUse::Usual),
            BodyFault::TooSlow => Self::TooSlow,
            BodyFault::Broken => {
                Self::BadRequest("送信が途中で切れました。もう一度送ってください。".to_owned())
            }
        }
    }
}

impl BodyFault {
    /// The fault behind an error of whoever read the body.
    pub(crate) fn behind(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut error = Some(error);
        while let Some(one) = error {
            if let Some(fault) = one.downcast_ref::<Self>() {
                return Some(*fault);
            }
            error = match one.downcast_ref::<multer::Error>() {
                Some(multer::Error::StreamReadFailed(inner)) => Some(&**inner),
                _ => one.source(),
            };
        }
        None
    }
}

/// Takes what is allowed of a body.
pub(crate) fn take(body: Body, allowance: Allowance) -> Taken {
    let Allowance {
        taken_bytes,
        read_bytes,
        within,
    } = allowance;
    let until = Instant::now() + within;
    let parts = body.into_data_stream();
    let next = move |(mut parts, mut length, over)| async move {
        if over {
            return None;
        }
        loop {
            let patience = until.min(Instant::now() + QUIET);
            let part = match timeout_at(patience, axum::body::BodyDataStream::next(&mut parts))
                .await
            {
                Err(_) => return Some((Err(BodyFault::TooSlow), (parts, length, true))),
                Ok(Some(Err(_))) => return Some((Err(BodyFault::Broken), (parts, length, true))),
                Ok(Some(Ok(part))) => Some(part),
                Ok(None) => None,
            };
            length += part.as_ref().map_or(0, |part| part.len() as u64);
            match part {
                Some(part) if length <= taken_bytes => {
                    return Some((Ok(part), (parts, length, false)));
                }
                Some(_) if length <= read_bytes => {}
                None if length <= taken_bytes => return None,
                _ => return Some((Err(BodyFault::TooLarge), (parts, length, true))),
            }
        }
    };
    stream::unfold((parts, 0_u64, false), next).fuse().boxed()
}

/// The whole of a body, at once.
pub(crate) async fn read(mut taken: Taken) -> Result<Taken, BodyFault> {
    let mut bytes = Vec::new();
    while let Some(part) = taken.next().await {
        bytes.extend_from_slice(&part?);
    }
    let whole = Bytes::from(bytes);
    Ok(stream::once(async { Ok(whole) }).fuse().boxed())
}

/// As the body of a request.
pub(crate) fn body(taken: Taken) -> Body {
    Body::from_stream(taken)
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt as _;

    use super::*;

    fn body_of(parts: &[&'static str]) -> Body {
        let parts: Vec<_> = parts
            .iter()
            .map(|part| Ok::<_, BodyFault>(Bytes::from(*part)))
            .collect();
        Body::from_stream(stream::iter(parts))
    }

    fn allowance(taken_bytes: u64, within: Duration) -> Allowance {
        Allowance {
            taken_bytes,
            read_bytes: taken_bytes * READ_ON,
            within,
        }
    }

    async fn read(body: Body, most: u64, within: Duration) -> Result<usize, BodyFault> {
        let parts = take(body, allowance(most, within));
        let parts: Vec<Bytes> = parts.try_collect().await?;
        Ok(parts.iter().map(Bytes::len).sum())
    }

    #[tokio::test]
    async fn a_body_is_as_large_as_it_may_be_and_no_larger() {
        let within = Duration::from_secs(60);
        let read = async |parts: &[&'static str]| read(body_of(parts), 6, within).await;
        assert_eq!(read(&["abc", "def"]).await, Ok(6));
        assert_eq!(read(&["abc", "defg"]).await, Err(BodyFault::TooLarge));
        assert_eq!(read(&[]).await, Ok(0));
        let parts = ["12345678"; 100];
        assert_eq!(read(&parts).await, Err(BodyFault::TooLarge));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_or_stops_is_given_up() {
        let stopped = stream::pending::<Result<Bytes, BodyFault>>();
        let began = Instant::now();
        let body = Body::from_stream(stopped);
        let minute = Duration::from_secs(60);
        assert_eq!(read(body, 100, minute).await, Err(BodyFault::TooSlow));
        assert_eq!(began.elapsed(), QUIET);
        let drips = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_secs(9)).await;
            Some((Ok::<_, BodyFault>(Bytes::from_static(b"x")), ()))
        });
        let began = Instant::now();
        let body = Body::from_stream(drips);
        assert_eq!(read(body, 100, minute).await, Err(BodyFault::TooSlow));
        assert_eq!(began.elapsed(), minute);
    }

    #[tokio::test]
    async fn the_fault_is_found_behind_other_errors() {
        let allowance = allowance(3, Duration::from_secs(60));
        let taken = take(body_of(&["too long"]), allowance);
        let error = axum::body::to_bytes(body(taken), 100).await.unwrap_err();
        assert_eq!(BodyFault::behind(&error), Some(BodyFault::TooLarge));
        let inner = multer::Error::StreamReadFailed(Box::new(BodyFault::TooSlow));
        assert_eq!(BodyFault::behind(&inner), Some(BodyFault::TooSlow));
        assert_eq!(BodyFault::behind(&std::fmt::Error), None);
    }
}
