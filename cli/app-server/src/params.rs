//! Reads parameters, and writes answers.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use uuid::Uuid;

use crate::protocol::error::{INTERNAL_ERROR, RpcError};

/// Reads parameters. Missing ones count as an empty object.
pub(crate) fn read<T: DeserializeOwned>(params: Option<&RawValue>) -> Result<T, RpcError> {
    let text = params.map_or("{}", RawValue::get);
    let text = if text == "null" { "{}" } else { text };
    if !text.starts_with('{') {
        return Err(RpcError::invalid_request("Invalid request: `params` is not an object"));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut json).map_err(|error| RpcError::wrong_shape(&error))
}

/// Writes an answer.
pub(crate) fn answer(answer: &impl Serialize) -> Result<Box<RawValue>, RpcError> {
    to_raw_value(answer).map_err(|error| RpcError::new(INTERNAL_ERROR, error.to_string()))
}

/// Reads the id of a thread.
pub(crate) fn thread_id(text: &str) -> Result<Uuid, RpcError> {
    uuid(text).map_err(|reason| RpcError::invalid_request(format!("invalid thread id: {reason}")))
}

/// Reads an id. Says what is wrong with it as clients of the agent's server know it.
pub(crate) fn uuid(text: &str) -> Result<Uuid, String> {
    Uuid::try_parse(text).map_err(|_| {
        let wrong = text.chars().enumerate().find(|(_, c)| !c.is_ascii_hexdigit() && *c != '-');
        match wrong {
            Some((place, c)) => format!(
                "invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], \
                 found `{c}` at {}",
                place + 1
            ),
            None => {
                "invalid length or groups: expected 32 hexadecimal digits, with or without hyphens".to_owned()
            }
        }
    })
}

/// Most entries of a page.
const MOST: u32 = 100;
/// Entries of a page by default.
const USUAL: u32 = 25;

/// Returns the number of entries of a page.
pub(crate) fn limit(limit: Option<u32>) -> u32 {
    limit.unwrap_or(USUAL).clamp(1, MOST)
}
