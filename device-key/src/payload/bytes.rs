//! The canonical form of a payload: the bytes that are signed.

use std::collections::BTreeMap;

use serde_json::Value;

use super::SignPayload;

/// First line: what these bytes are, so that no other program's texts have the same signature, and
/// the version of the form.
const DOMAIN: &str = "threadkeep-device-key-payload/v1\n";

impl SignPayload {
    /// Returns the bytes that are signed: a line that names this form, and the payload as JSON with
    /// its fields in alphabetical order, without spaces.
    #[must_use]
    pub fn to_signed_bytes(&self) -> Vec<u8> {
        let value = serde_json::to_value(self).expect("a payload has texts and a number");
        let fields: BTreeMap<&String, &Value> = value.as_object().into_iter().flatten().collect();
        let json = serde_json::to_string(&fields).expect("fields have texts as names");
        [DOMAIN.as_bytes(), json.as_bytes()].concat()
    }
}
