//! Goals of threads.

use std::rc::Rc;

use jiff::Timestamp;
use threadkeep_state_goals::{Goal, GoalError, GoalStatus, GoalUpdate, NewGoal};

use super::{Answer, find_by_id, opened, writable};
use crate::caller::Caller;
use crate::params;
use crate::protocol::error::RpcError;
use crate::protocol::goal::{
    GoalClearResponse, GoalGetResponse, GoalSetParams, GoalSetResponse, GoalStatus as Status, ThreadGoal,
};
use crate::protocol::thread::ThreadParams;
use crate::server::Server;

/// Sets or changes the goal of a thread.
pub(crate) async fn set(server: &Rc<Server>, _: &Caller, params: GoalSetParams) -> Answer<GoalSetResponse> {
    let (opened, id) = (writable(server).await?, params::thread_id(&params.thread_id)?);
    let (goals, now) = (opened.state().thread_goals(), Timestamp::now());
    if find_by_id(&opened, id).await?.is_none() {
        return Err(RpcError::invalid_request(format!("thread not found: {id}")));
    }
    let status = params.status.map(status_in);
    let update = GoalUpdate {
        expected_goal_id: None,
        objective: params.objective.clone(),
        status,
        token_budget: params.token_budget,
    };
    let goal = match (goals.update(id, update.clone(), now).await, params.objective) {
        (Err(GoalError::NoGoal(_)), Some(objective)) => {
            let new = NewGoal {
                objective,
                status: status.unwrap_or(GoalStatus::Active),
                token_budget: params.token_budget.flatten(),
            };
            match goals.insert(id, new, now).await {
                // Another process was faster.
                Err(GoalError::Exists(_)) => goals.update(id, update, now).await?,
                inserted => inserted?,
            }
        }
        (Err(GoalError::NoGoal(_)), None) => {
            return Err(RpcError::invalid_request(format!("thread {id} has no goal: set an objective")));
        }
        // As the agent's server: the budget decides, and the goal stays as it is.
        (Err(GoalError::BudgetUsedUp { current, .. }), _) => *current,
        (updated, _) => updated?,
    };
    server.written.notify_one();
    Ok(GoalSetResponse { goal: goal_of(&goal) })
}

/// Returns the goal of a thread.
pub(crate) async fn get(server: &Rc<Server>, _: &Caller, params: ThreadParams) -> Answer<GoalGetResponse> {
    let (opened, id) = (opened(server).await?, params::thread_id(&params.thread_id)?);
    let goal = opened.state().thread_goals().get(id).await?;
    Ok(GoalGetResponse { goal: goal.as_ref().map(goal_of) })
}

/// Removes the goal of a thread.
pub(crate) async fn clear(
    server: &Rc<Server>,
    _: &Caller,
    params: ThreadParams,
) -> Answer<GoalClearResponse> {
    let (opened, id) = (writable(server).await?, params::thread_id(&params.thread_id)?);
    let cleared = opened.state().thread_goals().delete(id, None).await?.is_some();
    server.written.notify_one();
    Ok(GoalClearResponse { cleared })
}

/// Returns a goal as the protocol has it.
pub(crate) fn goal_of(goal: &Goal) -> ThreadGoal {
    ThreadGoal {
        thread_id: goal.thread_id,
        objective: goal.objective.clone(),
        status: status_out(goal.status),
        token_budget: goal.token_budget,
        tokens_used: goal.tokens_used,
        time_used_seconds: goal.seconds_used,
        created_at: goal.created_at.as_second(),
        updated_at: goal.updated_at.as_second(),
    }
}

fn status_in(status: Status) -> GoalStatus {
    match status {
        Status::Active => GoalStatus::Active,
        Status::Paused => GoalStatus::Paused,
        Status::Blocked => GoalStatus::Blocked,
        Status::UsageLimited => GoalStatus::UsageLimited,
        Status::BudgetLimited => GoalStatus::BudgetLimited,
        Status::Complete => GoalStatus::Complete,
    }
}

fn status_out(status: GoalStatus) -> Status {
    match status {
        GoalStatus::Active => Status::Active,
        GoalStatus::Paused => Status::Paused,
        GoalStatus::Blocked => Status::Blocked,
        GoalStatus::UsageLimited => Status::UsageLimited,
        GoalStatus::BudgetLimited => Status::BudgetLimited,
        GoalStatus::Complete => Status::Complete,
    }
}
