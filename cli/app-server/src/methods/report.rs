//! `doctor/report`.

use std::rc::Rc;

use serde_json::Value;

use super::Answer;
use crate::caller::Caller;
use crate::protocol::Empty;
use crate::server::Server;

/// Checks the installation. Answers with the report of the command.
pub(crate) async fn doctor(server: &Rc<Server>, _: &Caller, _: Empty) -> Answer<Value> {
    Ok(server.commands.doctor().await?)
}
