//! 和暦: years as Japanese eras count them, and fiscal years (年度).

use chrono::{Datelike, NaiveDate};

/// An era: its letter, its name, its first day as year, month and day.
const ERAS: [(char, &str, (i32, u32, u32)); 3] = [
    ('R', "令和", (2019, 5, 1)),
    ('H', "平成", (1989, 1, 8)),
    ('S', "昭和", (1926, 12, 25)),
];

/// The year of an era.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EraYear {
    /// The era's letter: R, H or S.
    pub letter: char,
    /// The era's name.
    pub era: &'static str,
    /// The year, from 1.
    pub year: i32,
}

impl EraYear {
    /// The year of the era that a day lies in; `None` before 昭和.
    pub fn of(date: NaiveDate) -> Option<Self> {
        let day = (date.year(), date.month(), date.day());
        let found = ERAS.into_iter().find(|(_, _, first)| *first <= day);
        found.map(|era| Self::within(era, date.year()))
    }

    /// The year of the era that a fiscal year is called by: the one of the year in which it begins.
    /// So 令和元年度 is all of it from 4月 2019, though its first month lay in 平成31年.
    pub fn of_fiscal_year(year: i32) -> Option<Self> {
        let found = ERAS.into_iter().find(|(_, _, first)| first.0 <= year);
        found.map(|era| Self::within(era, year))
    }

    /// The year in which this one begins.
    pub fn western(letter: char, year: i32) -> Option<i32> {
        let letter = letter.to_ascii_uppercase();
        let (_, _, first) = ERAS.into_iter().find(|era| era.0 == letter)?;
        (1..=99).contains(&year).then_some(first.0 + year - 1)
    }

    /// The letter of an era that is given by its name.
    pub fn letter_of(name: &str) -> Option<char> {
        let found = ERAS.into_iter().find(|era| era.1 == name);
        found.map(|era| era.0)
    }

    fn within((letter, era, first): (char, &'static str, (i32, u32, u32)), year: i32) -> Self {
        Self {
            letter,
            era,
            year: year - first.0 + 1,
        }
    }

    /// 令和8年, 令和元年.
    pub fn name(self) -> String {
        match self.year {
            1 => format!("{}元年", self.era),
            year => format!("{}{year}年", self.era),
        }
    }
}

/// 令和8年11月24日; with the western year before 昭和.
pub fn japanese_date(date: NaiveDate) -> String {
    let year = match EraYear::of(date) {
        Some(year) => year.name(),
        None => format!("{}年", date.year()),
    };
    format!("{year}{}月{}日", date.month(), date.day())
}

/// The fiscal year (4月 to 3月) that a day lies in.
pub fn fiscal_year(date: NaiveDate) -> i32 {
    if date.month() >= 4 {
        date.year()
    } else {
        date.year() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_date_is_written_in_its_era() {
        for (day, written) in [
            ("2026-11-24", "令和8年11月24日"),
            ("2019-05-01", "令和元年5月1日"),
            ("2019-04-30", "平成31年4月30日"),
            ("1989-01-07", "昭和64年1月7日"),
            ("1989-01-08", "平成元年1月8日"),
            ("1926-12-24", "1926年12月24日"),
        ] {
            assert_eq!(japanese_date(date(day)), written);
        }
    }

    #[test]
    fn 令和元年度_begins_in_april_2019() {
        let year = |day| EraYear::of_fiscal_year(fiscal_year(date(day))).unwrap();
        let short = |year: EraYear| format!("{}{}", year.letter, year.year);
        assert_eq!(short(year("2019-03-31")), "H30");
        assert_eq!(short(year("2019-04-01")), "R1");
        assert_eq!(short(year("2020-03-31")), "R1");
        assert_eq!(short(year("2026-11-24")), "R8");
        assert_eq!(EraYear::western('r', 8), Some(2026));
        assert_eq!(EraYear::western('R', 1), Some(2019));
        assert_eq!(EraYear::western('R', 0), None);
        assert_eq!(EraYear::western('X', 1), None);
    }
}
