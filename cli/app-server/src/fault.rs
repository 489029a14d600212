//! Errors of the libraries as errors of the protocol.

use serde_json::json;
use threadkeep_app::{Fault, FaultKind};
use threadkeep_state::{GraphError, StateError};
use threadkeep_state_goals::GoalError;

use crate::protocol::error::{INTERNAL_ERROR, INVALID_REQUEST, RpcError};

impl RpcError {
    /// Makes the error about a request that is refused for this reason.
    pub(crate) fn refused(fault: Fault) -> RpcError {
        RpcError { code: INVALID_REQUEST, ..RpcError::from(fault) }
    }
}

impl From<Fault> for RpcError {
    fn from(fault: Fault) -> RpcError {
        let code = match fault.kind {
            FaultKind::UnknownThread | FaultKind::DeletedThread => INVALID_REQUEST,
            _ => INTERNAL_ERROR,
        };
        let data = fault.hint.as_ref().map(|hint| json!({ "hint": hint.to_string() }));
        let is_damage = fault.kind == FaultKind::Damaged;
        RpcError { data, is_damage, ..RpcError::new(code, fault.message.to_string()) }
    }
}

impl From<StateError> for RpcError {
    fn from(error: StateError) -> RpcError {
        match error {
            StateError::CursorMismatch(cursor) => {
                RpcError::invalid_request(format!("invalid cursor: {cursor}"))
            }
            StateError::NotFound(id) => RpcError::not_loaded(id),
            StateError::BadName { .. } | StateError::BadGit { .. } => {
                RpcError::invalid_request(error.to_string())
            }
            error => Fault::from(error).into(),
        }
    }
}

impl From<GraphError> for RpcError {
    fn from(error: GraphError) -> RpcError {
        match error {
            GraphError::NotFound(id) => RpcError::not_loaded(id),
            error => Fault::from(error).into(),
        }
    }
}

impl From<GoalError> for RpcError {
    fn from(error: GoalError) -> RpcError {
        let message = match &error {
            GoalError::EmptyObjective => "goal objective must not be empty",
            GoalError::ObjectiveTooLong(_) => "goal objective must be at most 4000 characters",
            GoalError::BadBudget(_) => "goal budgets must be positive when provided",
            _ => return Fault::from(error).into(),
        };
        RpcError::invalid_request(message)
    }
}
