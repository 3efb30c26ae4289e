//! Answers out of tickets among articles: an article that fits as well comes first, and many tickets that
//! say the same neither fill the list nor push articles out of it.

use std::collections::HashSet;

use crate::entry::Source;
use crate::search::found::{Fit, Found, Hit};

/// So much better a ticket must fit to come before an article.
const LEAD: f32 = 0.1;
/// Of so many in a row at the most [`TICKETS`] are tickets while there are articles.
const ROW: usize = 5;
/// See [`ROW`].
const TICKETS: usize = 2;
/// Letters of an answer by which it is told apart from others.
const LETTERS: usize = 300;
/// Answers that share so much of their pairs of letters are the same.
const SAME: f32 = 0.7;

/// One list of both. The searches must have been made with `fits`, from the first hit on.
pub fn mix(articles: Found, tickets: Found, offset: usize, limit: usize) -> Found {
    let fit = match (articles.fit, tickets.fit) {
        (Some(one), Some(other)) if other.confidence > one.confidence => Some(other),
        (one, other) => one.or(other),
    };
    let mut articles = articles;
    let mut mixed = Mixed::default();
    let mut tickets_left = tickets.hits.into_iter().peekable();
    let mut articles_left = articles.hits.drain(..).peekable();
    let mut same = 0;
    let wanted = offset.saturating_add(limit);
    // An article that was asked for by its number is what was meant.
    let by_number = articles.fit.is_none() && articles.total > 0;
    while mixed.hits.len() < wanted {
        let Some(ticket) = tickets_left.peek() else {
            match articles_left.next() {
                Some(article) => mixed.add(article),
                None => break,
            }
            continue;
        };
        match articles_left.peek() {
            Some(article)
                if (by_number && mixed.hits.is_empty())
                    || !mixed.has_place_for_ticket()
                    || leads(article, ticket) =>
            {
                mixed.extend(articles_left.next());
            }
            _ => {
                let ticket = tickets_left.next();
                if ticket.as_ref().is_some_and(|ticket| mixed.says(ticket)) {
                    same += 1;
                } else {
                    mixed.extend(ticket);
                }
            }
        }
    }
    Found {
        hits: mixed.hits.into_iter().skip(offset).take(limit).collect(),
        total: (articles.total + tickets.total).saturating_sub(same),
        fit,
    }
}

/// The list as it grows.
#[derive(Default)]
struct Mixed {
    hits: Vec<Hit>,
    tickets: usize,
    answers: Vec<HashSet<(char, char)>>,
}

impl Mixed {
    fn add(&mut self, hit: Hit) {
        self.tickets += usize::from(hit.source != Source::Faq);
        self.answers.push(pairs(&hit.answer));
        self.hits.push(hit);
    }

    fn extend(&mut self, hit: Option<Hit>) {
        if let Some(hit) = hit {
            self.add(hit);
        }
    }

    fn has_place_for_ticket(&self) -> bool {
        (self.tickets + 1) * ROW <= TICKETS * (self.hits.len() + 1).next_multiple_of(ROW)
    }

    /// Whether something in the list has the same answer.
    fn says(&self, hit: &Hit) -> bool {
        let answer = pairs(&hit.answer);
        self.answers.iter().any(|known| is_same(known, &answer))
    }
}

/// Whether an article fits as well as a ticket.
fn leads(article: &Hit, ticket: &Hit) -> bool {
    let level = |hit: &Hit| hit.fit.map_or(0.0, Fit::level);
    level(article) + LEAD >= level(ticket)
}

/// The beginning of an answer, without blanks.
pub(crate) fn beginning(answer: &str) -> String {
    let letters = answer.chars().filter(|letter| !letter.is_whitespace());
    letters.take(LETTERS).collect()
}

fn pairs(text: &str) -> HashSet<(char, char)> {
    let letters: Vec<char> = text.chars().collect();
    let next = letters.iter().skip(1);
    letters.iter().copied().zip(next.copied()).collect()
}

fn is_same(one: &HashSet<(char, char)>, other: &HashSet<(char, char)>) -> bool {
    let both = one.intersection(other).count() as f32;
    let any = one.union(other).count() as f32;
    any > 0.0 && both / any >= SAME
}

#[cfg(test)]
mod tests {
    use madoguchi_core::id::CategoryId;

    use super::*;
    use crate::Fragment;

    fn found(source: Source, hits: &[(&str, f32, &str)]) -> Found {
        let hits: Vec<Hit> = hits
            .iter()
            .map(|(id, words, answer)| Hit {
                id: (*id).to_owned(),
                number: None,
                source,
                desk_only: true,
                category: CategoryId::default(),
                score: *words,
                question: Vec::<Fragment>::new(),
                excerpt: Vec::new(),
                reasons: Vec::new(),
                passage: String::new(),
                fit: Some(Fit {
                    words: *words,
                    confidence: *words,
                    ..Fit::default()
                }),
                answer: (*answer).to_owned(),
            })
            .collect();
        Found {
            total: hits.len(),
            fit: hits.first().and_then(|hit| hit.fit),
            hits,
        }
    }

    fn ids(found: &Found) -> Vec<&str> {
        found.hits.iter().map(|hit| hit.id.as_str()).collect()
    }

    #[test]
    fn an_article_that_fits_as_well_comes_before_a_ticket() {
        let articles = || found(Source::Faq, &[("a", 0.8, "申請画面から取り消す")]);
        let ticket = |words| found(Source::Ticket, &[("t", words, "経理課に電話する")]);
        assert_eq!(ids(&mix(articles(), ticket(0.85), 0, 5)), ["a", "t"]);
        assert_eq!(ids(&mix(articles(), ticket(0.95), 0, 5)), ["t", "a"]);
    }

    #[test]
    fn an_article_that_was_asked_for_by_its_number_comes_first() {
        let mut articles = found(Source::Faq, &[("a", 0.1, "申請画面から取り消す")]);
        articles.fit = None;
        let tickets = found(Source::Ticket, &[("t", 0.9, "経理課に電話する")]);
        assert_eq!(ids(&mix(articles, tickets, 0, 5)), ["a", "t"]);
    }

    #[test]
    fn many_tickets_leave_the_articles_their_places() {
        let articles = [
            ("a", 0.3, "一つめの答え"),
            ("b", 0.3, "二番目はこうする"),
            ("c", 0.2, "三番では別の窓口"),
        ];
        let tickets = [
            ("t", 0.9, "印刷を待つ"),
            ("u", 0.9, "端末を替える"),
            ("v", 0.9, "支部へ送る"),
            ("w", 0.9, "承認をやり直す"),
        ];
        let both = || {
            (
                found(Source::Faq, &articles),
                found(Source::Ticket, &tickets),
            )
        };
        let (faq, past) = both();
        let mixed = mix(faq, past, 0, 5);
        assert_eq!(ids(&mixed), ["t", "u", "a", "b", "c"]);
        assert_eq!(mixed.total, 7);
        // What is left stands on the next page, and alone where there are no articles.
        let (faq, past) = both();
        assert_eq!(ids(&mix(faq, past, 5, 5)), ["v", "w"]);
        let (_, past) = both();
        assert_eq!(
            ids(&mix(Found::default(), past, 0, 5)),
            ["t", "u", "v", "w"]
        );
    }

    #[test]
    fn answers_that_say_the_same_stand_there_once() {
        let said = "メニューの再送を押してから、もう一度ログインしてください";
        let again = "メニューの再送を押してから、もう一度ログインして下さい";
        let articles = found(Source::Faq, &[("a", 0.5, said)]);
        let tickets = found(
            Source::Ticket,
            &[
                ("t", 0.5, again),
                ("u", 0.4, "端末を替える"),
                ("v", 0.4, "端末を替える"),
            ],
        );
        let mixed = mix(articles, tickets, 0, 5);
        assert_eq!((ids(&mixed), mixed.total), (vec!["a", "u"], 2));
    }

    #[test]
    fn a_ticket_that_fits_answers_where_articles_only_come_near() {
        let near = found(Source::Faq, &[("a", 0.1, "遠い")]);
        assert!(near.is_near());
        let tickets = found(Source::Ticket, &[("t", 0.9, "これだ")]);
        assert!(!mix(near, tickets, 0, 5).is_near());
    }
}
