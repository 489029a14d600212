//! Lines: requests and notifications of a client, and answers.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::error::{INVALID_REQUEST, PARSE_ERROR, RpcError};

/// Id of a request: a whole number or a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum RequestId {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
}

/// Line of a client.
#[derive(Debug)]
pub(crate) enum Incoming {
    Request(Request),
    /// A notification, or an answer to a request that this server never made.
    Other {
        method: Option<String>,
    },
}

/// Request of a client.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) id: RequestId,
    /// True if the request has the member `jsonrpc`: then the answer has it, too.
    pub(crate) is_versioned: bool,
    pub(crate) method: String,
    pub(crate) params: Option<Box<RawValue>>,
}

/// Refusal of a line, with its id if that can be read.
pub(crate) type Refusal = (Option<RequestId>, RpcError);

/// Reads a line.
pub(crate) fn read(line: &[u8]) -> Result<Incoming, Box<Refusal>> {
    #[derive(Deserialize)]
    struct Line {
        jsonrpc: Option<Value>,
        id: Option<Value>,
        method: Option<Value>,
        params: Option<Box<RawValue>>,
        result: Option<IgnoredAny>,
        error: Option<IgnoredAny>,
    }
    let refuse = |id, code, message: &str| Err(Box::new((id, RpcError::new(code, message))));
    let line: Line = match serde_json::from_slice(line) {
        Ok(line) => line,
        Err(error) if error.is_data() => {
            return refuse(None, INVALID_REQUEST, "Invalid request: not a request object");
        }
        Err(_) => return refuse(None, PARSE_ERROR, "Parse error: the line is not JSON"),
    };
    let id = match line.id.map(serde_json::from_value) {
        None => None,
        Some(Ok(id)) => Some(id),
        Some(Err(_)) => {
            let wrong = "Invalid request: `id` is neither a whole number nor a text";
            return refuse(None, INVALID_REQUEST, wrong);
        }
    };
    match (id, line.method) {
        (Some(id), Some(Value::String(method))) => {
            let is_versioned = line.jsonrpc.is_some();
            Ok(Incoming::Request(Request { id, is_versioned, method, params: line.params }))
        }
        (None, Some(Value::String(method))) => Ok(Incoming::Other { method: Some(method) }),
        (Some(_), None) if line.result.is_some() || line.error.is_some() => {
            Ok(Incoming::Other { method: None })
        }
        (id, Some(_)) => refuse(id, INVALID_REQUEST, "Invalid request: `method` is not a text"),
        (id, None) => refuse(id, INVALID_REQUEST, "Invalid request: missing field `method`"),
    }
}

/// Answer to a request.
#[derive(Serialize)]
pub(crate) struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) jsonrpc: Option<&'static str>,
    /// `null` if the request's id could not be read.
    pub(crate) id: Option<&'a RequestId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) result: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a RpcError>,
}

/// Returns the member that versioned lines have.
pub(crate) fn version(is_versioned: bool) -> Option<&'static str> {
    is_versioned.then_some("2.0")
}

/// Makes a line of a value of our own, which always has a JSON form.
pub(crate) fn line(value: &impl Serialize) -> String {
    let mut line = serde_json::to_string(value).unwrap_or_default();
    line.push('\n');
    line
}
