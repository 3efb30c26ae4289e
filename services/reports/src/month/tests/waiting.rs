//! 応対前: who waits while the month is told is in neither side of a rate.

use super::*;

#[test]
fn 応答率_of_a_month_in_which_some_wait_and_none_gave_up_leaves_them_out_everywhere() {
    let mut input = input_of(counts("2024-04", 10, 10));
    for call in input
        .data
        .calls
        .iter_mut()
        .filter(|call| call.answered)
        .take(2)
    {
        call.answered = false;
        call.ended = false;
        call.wait = None;
        call.talk = None;
    }
    let told = report(&input);
    assert_eq!(text(&told, "indicators", "answer_rate", "now"), "100.0%");
    assert_eq!(text(&told, "months", "2024-04", "answer_rate"), "100.0%");
    assert_eq!(text(&told, "months", "total", "answer_rate"), "100.0%");
    assert_eq!(text(&told, "indicators", "answer_rate", "year"), "100.0%");
    assert_eq!(told.months[0].answer_rate.as_deref(), Some("100.0"));
    let indicators = told.document.table("indicators").unwrap();
    let verdict = indicators.cell("answer_rate", "verdict").unwrap();
    assert!(
        matches!(verdict, DocCell::Text { text } if text == "達成"),
        "{verdict:?}"
    );
    // A month as somebody published it tells no 放棄, and all its calls have ended.
    let mut published = MonthSummary {
        waiting: 0,
        answered: 9,
        offered: 10,
        ..told.summary
    };
    published.abandoned.clear();
    assert_eq!(published.answer_rate().as_deref(), Some("90.0"));
}
