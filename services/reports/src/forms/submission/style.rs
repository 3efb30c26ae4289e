//! How cells of 提出用 look.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};
use madoguchi_core::era::EraYear;
use rust_xlsxwriter::{Format, FormatAlign, FormatBorder};

use crate::table::FONT;

/// Dates in their era; `[$-411]` is Japanese (LibreOffice 7.4 does not know the newer `[$-ja-JP]`). The first day of 令和 is day 43,586 and that of its second year 43,831, between which
/// the year is 元年.
const DAY: &str = "[<43586][$-411]ggge\"年\"m\"月\"d\"日\";\
                   [<43831][$-411]ggg\"元年\"m\"月\"d\"日\";\
                   [$-411]ggge\"年\"m\"月\"d\"日\"";
const TIME: &str = "[<43586][$-411]ggge\"年\"m\"月\"d\"日\" h\"時\"mm\"分\";\
                    [<43831][$-411]ggg\"元年\"m\"月\"d\"日\" h\"時\"mm\"分\";\
                    [$-411]ggge\"年\"m\"月\"d\"日\" h\"時\"mm\"分\"";
/// A format has room for two borders: in the first years of earlier eras days have one of their own.
const FIRST_DAY: &str = "[$-411]ggg\"元年\"m\"月\"d\"日\"";
const FIRST_TIME: &str = "[$-411]ggg\"元年\"m\"月\"d\"日\" h\"時\"mm\"分\"";
/// Seconds in an hour.
const HOUR: f64 = 3_600.0;

/// What stands in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Show {
    Text,
    /// Text in a column of numbers.
    Right,
    Count,
    /// With so many decimals.
    Percent(usize),
    Decimal(usize),
    Minutes,
    Hours,
    Day,
    FirstDay,
    Time,
    FirstTime,
}

impl Show {
    /// How a day is shown, or a time of it.
    pub(super) fn day(day: NaiveDate, with_time: bool) -> Self {
        let is_first = EraYear::of(day).is_some_and(|year| year.year == 1) && day.year() < 2019;
        match (with_time, is_first) {
            (false, false) => Self::Day,
            (false, true) => Self::FirstDay,
            (true, false) => Self::Time,
            (true, true) => Self::FirstTime,
        }
    }

    /// How a length of time is shown.
    pub(super) fn seconds(seconds: f64) -> Self {
        if seconds < HOUR {
            Self::Minutes
        } else {
            Self::Hours
        }
    }

    /// The number format.
    pub(super) fn number_format(self) -> String {
        let decimals = |count: usize| match count {
            0 => String::new(),
            count => format!(".{}", "0".repeat(count.min(12))),
        };
        match self {
            Self::Text | Self::Right => "General".to_owned(),
            Self::Count => "#,##0".to_owned(),
            Self::Percent(count) => format!("0{}%", decimals(count)),
            Self::Decimal(count) => format!("#,##0{}", decimals(count)),
            Self::Minutes => "[m]:ss".to_owned(),
            Self::Hours => "[h]:mm:ss".to_owned(),
            Self::Day => DAY.to_owned(),
            Self::FirstDay => FIRST_DAY.to_owned(),
            Self::Time => TIME.to_owned(),
            Self::FirstTime => FIRST_TIME.to_owned(),
        }
    }
}

/// How a cell of a table looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Look {
    /// What stands in it.
    pub(super) show: Show,
    /// It is of a row that sums up.
    pub(super) is_total: bool,
    /// Its fill in a 濃淡図, and whether its letters are white.
    pub(super) shade: Option<(u32, bool)>,
}

impl Look {
    /// An ordinary cell.
    pub(super) fn plain(show: Show) -> Self {
        Self {
            show,
            is_total: false,
            shade: None,
        }
    }
}

/// The formats of a workbook, each made once.
#[derive(Debug, Default)]
pub(super) struct Styles {
    made: HashMap<Look, Format>,
}

impl Styles {
    /// The format of a cell of a table.
    pub(super) fn of(&mut self, look: Look) -> &Format {
        self.made.entry(look).or_insert_with(|| cell(look))
    }
}

fn cell(look: Look) -> Format {
    let mut format = letters(10.0)
        .set_border(FormatBorder::Thin)
        .set_border_color(0x76_7676);
    if !matches!(look.show, Show::Text | Show::Right) {
        format = format.set_num_format(look.show.number_format());
    }
    format = match look.show {
        Show::Text => format.set_text_wrap().set_align(FormatAlign::Left),
        Show::Right => format.set_text_wrap().set_align(FormatAlign::Right),
        _ => format.set_align(FormatAlign::Right),
    };
    if look.is_total {
        format = format.set_bold().set_background_color(0xF2_F2F2);
    }
    if let Some((fill, is_white)) = look.shade {
        format = format.set_background_color(fill);
        if is_white {
            format = format.set_font_color(0xFF_FFFF);
        }
    }
    format
}

/// Letters of a size, at the top of the cell.
pub(super) fn letters(size: f64) -> Format {
    Format::new()
        .set_font_name(FONT)
        .set_font_size(size)
        .set_align(FormatAlign::Top)
}

/// A sentence.
pub(super) fn sentence() -> Format {
    letters(10.0).set_text_wrap()
}

/// A heading of a size.
pub(super) fn title(size: f64) -> Format {
    letters(size).set_bold().set_text_wrap()
}

/// The names of columns.
pub(super) fn heading() -> Format {
    title(10.0)
        .set_border(FormatBorder::Thin)
        .set_border_color(0x76_7676)
        .set_background_color(0xE8_F1FE)
}

/// What leads to another sheet.
pub(super) fn link() -> Format {
    sentence()
        .set_font_color(0x00_31D8)
        .set_underline(rust_xlsxwriter::FormatUnderline::Single)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S02
    #[test]
    fn the_first_year_of_an_era_is_元年_in_the_format() {
        let format = |day: &str| Show::day(day.parse().unwrap(), false).number_format();
        let expected = "[<43586][$-411]ggge\"年\"m\"月\"d\"日\";\
                        [<43831][$-411]ggg\"元年\"m\"月\"d\"日\";\
                        [$-411]ggge\"年\"m\"月\"d\"日\"";
        for day in [
            "2019-04-30",
            "2019-05-01",
            "2019-12-31",
            "2020-01-01",
            "1990-01-01",
        ] {
            assert_eq!(format(day), expected);
        }
        assert_eq!(format("1989-12-31"), "[$-411]ggg\"元年\"m\"月\"d\"日\"");
    }
}
