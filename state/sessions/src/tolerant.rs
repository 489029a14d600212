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
