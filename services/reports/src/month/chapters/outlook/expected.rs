//! Figures that are expected: they come from the forecast, and no call is counted in them.

use crate::document::{DocCell, Population, Rows, Value};
use crate::month::cells::{figure, lacking};

/// A figure of a forecast.
pub(super) fn expected(value: Value) -> DocCell {
    figure(value, Population::Expected, None, computed())
}

/// 「－」, with the reason.
pub(super) fn lacks(reason: &str) -> DocCell {
    lacking(reason, Population::Expected, computed())
}

fn computed() -> Rows {
    Rows::Source {
        source: "予測の計算".to_owned(),
    }
}

/// A percentage with one decimal.
pub(super) fn percent(value: f64) -> DocCell {
    expected(Value::Percent(format!("{value:.1}")))
}

/// A number with one decimal.
pub(super) fn decimal(value: f64) -> DocCell {
    expected(Value::Decimal(format!("{value:.1}")))
}
