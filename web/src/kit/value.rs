//! Values as forms have them: text in the letters that people type.

use std::borrow::Cow;

use madoguchi_core::id::CategoryId;

/// Text that the program brings or that a record brings.
pub(crate) type Text = Cow<'static, str>;

/// What stands for yes in forms and in the audit log.
pub(crate) const YES: &str = "yes";
/// What stands for no where nothing means neither.
pub(crate) const NO: &str = "no";

const NO_NUMBER: &str = "数字で入力してください";
const NOT_LISTED: &str = "一覧から選んでください";

/// A value of a field.
pub(crate) trait FieldValue: Sized {
    /// As forms and the audit log have it; empty for nothing.
    fn to_text(&self) -> String;

    /// Reads what was typed.
    ///
    /// # Errors
    /// What is wrong with it, without the stop at its end.
    fn from_text(text: &str) -> Result<Self, &'static str>;
}

impl FieldValue for String {
    fn to_text(&self) -> String {
        self.clone()
    }

    fn from_text(text: &str) -> Result<Self, &'static str> {
        Ok(text.replace("\r\n", "\n"))
    }
}

/// Lines without empty ones.
impl FieldValue for Vec<String> {
    fn to_text(&self) -> String {
        self.join("\n")
    }

    fn from_text(text: &str) -> Result<Self, &'static str> {
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty());
        Ok(lines.map(str::to_owned).collect())
    }
}

impl FieldValue for bool {
    fn to_text(&self) -> String {
        if *self { YES } else { "" }.to_owned()
    }

    fn from_text(text: &str) -> Result<Self, &'static str> {
        Ok(!text.is_empty() && text != NO)
    }
}

macro_rules! numbers {
    ($($number:ty)+) => {$(
        impl FieldValue for $number {
            fn to_text(&self) -> String {
                self.to_string()
            }

            fn from_text(text: &str) -> Result<Self, &'static str> {
                plain_digits(text).parse().map_err(|_| NO_NUMBER)
            }
        }
    )+};
}

numbers!(i32 u16 u32);

macro_rules! optional {
    ($($value:ty)+) => {$(
        impl FieldValue for Option<$value> {
            fn to_text(&self) -> String {
                self.as_ref().map(FieldValue::to_text).unwrap_or_default()
            }

            fn from_text(text: &str) -> Result<Self, &'static str> {
                if text.is_empty() {
                    return Ok(None);
                }
                FieldValue::from_text(text).map(Some)
            }
        }
    )+};
}

impl FieldValue for CategoryId {
    fn to_text(&self) -> String {
        self.to_string()
    }

    fn from_text(text: &str) -> Result<Self, &'static str> {
        Ok(text.into())
    }
}

optional!(String Vec<String> CategoryId u16 u32);

impl FieldValue for Option<bool> {
    fn to_text(&self) -> String {
        match self {
            None => "",
            Some(true) => YES,
            Some(false) => NO,
        }
        .to_owned()
    }

    fn from_text(text: &str) -> Result<Self, &'static str> {
        match text {
            "" => Ok(None),
            YES => Ok(Some(true)),
            NO => Ok(Some(false)),
            _ => Err(NOT_LISTED),
        }
    }
}

/// A list to choose from: the value, its name in forms and in the audit log, and its label.
pub(crate) type Options<T> = [(T, &'static str, &'static str)];

/// The name of a value in a list.
pub(crate) fn option_name<T: PartialEq>(options: &Options<T>, value: &T) -> &'static str {
    let found = options.iter().find(|(known, ..)| known == value);
    found.map_or("", |(_, name, _)| name)
}

/// The value of a name in a list.
///
/// # Errors
/// What to tell of a name that is not in it.
pub(crate) fn option_value<T: Copy>(options: &Options<T>, name: &str) -> Result<T, &'static str> {
    let found = options.iter().find(|(_, known, _)| *known == name);
    found.map(|(value, ..)| *value).ok_or(NOT_LISTED)
}

/// Digits as programs write them, whatever keyboard they were typed with.
fn plain_digits(text: &str) -> String {
    let plain = |letter: char| match letter {
        '０'..='９' => {
            char::from_digit(u32::from(letter) - u32::from('０'), 10).unwrap_or(letter)
        }
        'ー' | '－' | '−' => '-',
        letter => letter,
    };
    text.chars()
        .filter(|letter| *letter != ',')
        .map(plain)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_people_type_them() {
        assert_eq!(u32::from_text("１,５００"), Ok(1_500));
        assert_eq!(i32::from_text("−５"), Ok(-5));
        assert_eq!(u32::from_text("x"), Err(NO_NUMBER));
        assert_eq!(u16::from_text("65536"), Err(NO_NUMBER));
        assert_eq!(Option::<u32>::from_text(""), Ok(None));
        assert_eq!(Option::<u32>::from_text("x"), Err(NO_NUMBER));
        assert_eq!(
            Vec::from_text(" 1\r\n\r\n 2 "),
            Ok(vec!["1".to_owned(), "2".to_owned()])
        );
        assert_eq!(Option::<bool>::from_text("no"), Ok(Some(false)));
        assert_eq!(Option::<bool>::from_text("maybe"), Err(NOT_LISTED));
    }

    #[test]
    fn what_a_form_shows_is_read_as_the_same() {
        let lines = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(Vec::from_text(&lines.to_text()), Ok(lines));
        for value in [None, Some(true), Some(false)] {
            assert_eq!(Option::<bool>::from_text(&value.to_text()), Ok(value));
        }
        for value in [true, false] {
            assert_eq!(bool::from_text(&value.to_text()), Ok(value));
        }
        const SIDES: &Options<u8> = &[(1, "left", "左"), (2, "right", "右")];
        assert_eq!(option_value(SIDES, option_name(SIDES, &2)), Ok(2));
        assert_eq!(option_value(SIDES, "up"), Err(NOT_LISTED));
    }
}
