//! Goals next to their threads.

use std::collections::HashMap;

use threadkeep_app::{Fault, Message, Observer, opening};
use threadkeep_state_goals::Goal;
use uuid::Uuid;

use crate::command::Context;

/// Returns the goals of threads. If they cannot be read, a note says so and the threads are shown
/// without them.
pub(crate) async fn of_threads(context: &Context<'_>, ids: &[Uuid]) -> HashMap<Uuid, Goal> {
    if !context.settings.features.goals {
        return HashMap::new();
    }
    match read(context, ids).await {
        Ok(goals) => goals.into_iter().map(|goal| (goal.thread_id, goal)).collect(),
        Err(fault) => {
            context.screen.note(&Message::from("goals are not shown: ").append(fault.sentence()));
            HashMap::new()
        }
    }
}

async fn read(context: &Context<'_>, ids: &[Uuid]) -> Result<Vec<Goal>, Fault> {
    let store = opening::goals(&context.dirs).await?;
    let goals = store.get_many(ids).await?;
    store.close().await?;
    Ok(goals)
}
