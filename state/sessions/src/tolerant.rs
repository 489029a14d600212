//! Fields that may have a form which is not read.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Reads a field; its default, if it has another form. One odd field then loses no line.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).unwrap_or_default())
}

/// Reads a whole number, which may be written as text; `None` if it is anything else.
#[cfg(feature = "pi")]
pub(crate) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(raw.get().trim_matches('"').parse().ok())
}

/// Reads a count, which may be written as a fraction; `None` if it is no number, or below 0.
#[cfg(any(feature = "cline", feature = "sqlite"))]
pub(crate) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let number: Option<f64> = or_default(deserializer)?;
    Ok(number.filter(|number| *number >= 0.0).map(|number| number as i64))
}
