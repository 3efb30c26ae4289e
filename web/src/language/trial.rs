//! What would come of a group of synonyms or of a word: how a text is searched now, and with it.

use askama::Template;
use madoguchi_kb::{Knowledge, Language, Query as Search, Trial, Viewer};

use super::setting::LanguageSetting;
use crate::error::WebError;
use crate::kit::form::Values;
use crate::kit::record::Context;

/// What is found is shown so far.
const HITS: usize = 5;
/// The longest text that is tried, in letters.
const TRIAL_LETTERS: usize = 200;

#[derive(Template)]
#[template(path = "language_trial.html")]
struct TrialPart {
    text: String,
    finds: bool,
    /// Now, and with what is in the form.
    outcome: Option<[Outcome; 2]>,
    unavailable: bool,
}

/// What comes of a text.
struct Outcome {
    title: &'static str,
    words: String,
    reading: String,
    synonyms: String,
    hits: Vec<String>,
}

/// The part of the form; `now` is in force.
pub(super) async fn part<T: LanguageSetting>(
    one: &T,
    now: Option<&T>,
    values: &Values,
    context: &Context<'_>,
) -> Result<Option<String>, WebError> {
    let text = match values.get("trial") {
        "" => one.trial_text(),
        text => text.to_owned(),
    };
    let knowledge = context.web.faq.knowledge().cloned();
    let unavailable = knowledge.is_none();
    let tried = knowledge.filter(|_| one.fault().is_none() && !text.trim().is_empty());
    let outcome = match tried {
        Some(knowledge) => Some(try_out(knowledge, text.clone(), now.cloned(), one.clone()).await?),
        None => None,
    };
    let part = TrialPart {
        text,
        finds: T::FINDS,
        outcome,
        unavailable,
    };
    Ok(Some(part.render()?))
}

/// What comes of a text now, and with `after` in place of `before`.
async fn try_out<T: LanguageSetting>(
    knowledge: Knowledge,
    text: String,
    before: Option<T>,
    after: T,
) -> Result<[Outcome; 2], WebError> {
    let text: String = text.chars().take(TRIAL_LETTERS).collect();
    let trying = tokio::task::spawn_blocking(move || {
        let now = knowledge.language();
        let mut then = now.clone();
        let all = T::of(&mut then);
        all.retain(|one| Some(one) != before.as_ref());
        all.push(after);
        let query = Search::new(&text, Viewer::Desk, HITS);
        let of = |language: &Language| knowledge.try_out(&query, language);
        Ok::<_, madoguchi_kb::KbError>((of(&now)?, of(&then)?))
    });
    let tried = trying.await;
    let tried = tried.map_err(|_| WebError::Internal("a trial ended early"))?;
    let (now, then) = tried.map_err(|error| {
        tracing::error!(%error, "words cannot be tried");
        WebError::Internal("words cannot be tried")
    })?;
    Ok([outcome("現在", now), outcome("変更後", then)])
}

fn outcome(title: &'static str, trial: Trial) -> Outcome {
    let words = trial.analysis.words.into_iter().map(|word| word.term);
    let hits = trial.hits.into_iter().map(|hit| {
        let pieces = hit.question.into_iter();
        pieces.map(|piece| piece.text).collect()
    });
    Outcome {
        title,
        words: words.collect::<Vec<_>>().join(" ／ "),
        reading: trial.analysis.reading,
        synonyms: trial.analysis.synonyms.join("、"),
        hits: hits.collect(),
    }
}
