//! `threads show`: everything about one thread.

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::opening::Index;
use threadkeep_app::refresh::prepare;
use threadkeep_app::sandbox;
use threadkeep_app::text::{clean, count, counted, one_line};
use threadkeep_app::time::Clock;
use threadkeep_app::{Fault, Message, Observer};
use threadkeep_rollout::AgentHome;
use threadkeep_state::{Agent, GraphError, Lifecycle, StateRuntime, Thread, TreeQuery};
use threadkeep_state_goals::Goal;

use super::{drawing, tree};
use crate::command::{Answered, Context, Run};
use crate::commands::goals::{add_goal, of_threads};
use crate::commands::resolve::look_up;
use crate::output::sheet::Sheet;
use crate::output::{Answer, Screen, json};
use threadkeep_app::label::kind_of_source;

/// The command.
pub(super) struct Show<'a> {
    pub(super) id: &'a str,
    pub(super) no_refresh: bool,
}

/// A thread, with its goal and its place in the agent graph.
struct Shown {
    thread: Thread,
    /// Name in the home's `session_index.jsonl`.
    session_name: Option<String>,
    goal: Option<Goal>,
    /// The thread in the agent graph, if it has a part in it.
    agent: Option<Agent>,
    /// Number of threads that it spawned itself.
    spawned: u64,
    /// Reason why it may be out of date.
    incomplete: Option<Message>,
}

#[async_trait(?Send)]
impl Run for Show<'_> {
    async fn run(&self, context: &Context<'_>) -> Answered {
        let Context { dirs, screen, .. } = context;
        let home = dirs.agent_home()?;
        let index = if self.no_refresh {
            Index::existing(dirs, *screen).await?
        } else {
            Index::for_reading(dirs, *screen).await?
        };
        let refreshed = prepare(&index, &home, !self.no_refresh, *screen).await?;
        if let Some(reason) = refreshed.incomplete.clone() {
            screen.note(&reason.append("; this may be out of date"));
        }
        let thread = look_up(&index, self.id).await;
        if let Some(failures) = refreshed.failures().filter(|_| screen.verbose || thread.is_err()) {
            screen.note(&failures);
        }
        let thread = thread?;
        let (agent, spawned) = agent(&index.state, &thread).await?;
        index.close().await?;
        let session_name = session_name(&home, &thread);
        let goal = of_threads(context, &[thread.id]).await.remove(&thread.id);
        let incomplete = refreshed.incomplete;
        Ok(Box::new(Shown { thread, session_name, goal, agent, spawned, incomplete }))
    }
}

/// Returns the thread in the agent graph, and the number of threads that it spawned itself.
async fn agent(state: &StateRuntime, thread: &Thread) -> Result<(Option<Agent>, u64), Fault> {
    let query = TreeQuery { root: Some(thread.id), max_depth: 1, ..TreeQuery::default() };
    match state.graph().tree(query).await {
        Ok(tree) => {
            let spawned = tree.len().saturating_sub(1) as u64;
            // A thread that is alone and open has no part in it.
            let has_part = |agent: &Agent| {
                spawned > 0 || agent.parent_thread_id.is_some() || agent.lifecycle == Lifecycle::Closed
            };
            Ok((tree.into_iter().next().filter(has_part), spawned))
        }
        Err(GraphError::NotFound { .. }) => Ok((None, 0)),
        Err(error) => Err(error.into()),
    }
}

/// Returns the name in `session_index.jsonl`. Commands that need the file report that it cannot be
/// read.
fn session_name(home: &AgentHome, thread: &Thread) -> Option<String> {
    let names = home.thread_names().ok()?;
    names.get(thread.id).map(|name| name.name.clone())
}

impl Shown {
    fn name_source(&self) -> &'static str {
        if self.thread.name == self.session_name { "from session_index.jsonl" } else { "given here" }
    }

    fn archived(&self, clock: &Clock) -> String {
        match (self.thread.archived, self.thread.archived_at) {
            (false, _) => "no".to_owned(),
            (true, Some(at)) => format!("since {}", clock.full(at)),
            (true, None) => "yes, by the folder of its rollout".to_owned(),
        }
    }

    fn model(&self) -> String {
        let thread = &self.thread;
        let mut parts = vec![thread.model.as_deref().unwrap_or("unknown").to_owned()];
        parts.extend(thread.reasoning_effort.as_ref().map(|effort| format!("{effort} effort")));
        clean(&format!("{} (provider {})", parts.join(", "), thread.model_provider)).into_owned()
    }
}

/// Renders the lifecycle: open, or closed and with which thread.
fn lifecycle(agent: &Agent) -> String {
    match (agent.lifecycle, agent.closed_by) {
        (Lifecycle::Closed, Some(by)) if by != agent.thread_id => format!("closed, with {by}"),
        (lifecycle, _) => lifecycle.to_string(),
    }
}

impl Answer for Shown {
    fn json(&self) -> Value {
        let mut document = json!({
            "thread": json::thread(&self.thread, self.goal.as_ref()),
            "agent": self.agent.as_ref().map(tree::json_of),
            "spawned": self.spawned,
        });
        if let Some(reason) = &self.incomplete {
            document["incomplete"] = reason.to_string().into();
        }
        document
    }

    fn text(&self, screen: &Screen) -> String {
        let thread = &self.thread;
        let clock = Clock::system();
        let text = |text: &Option<String>| text.as_deref().map(one_line).filter(|text| !text.is_empty());
        let mut sheet = Sheet::default();
        sheet.row("id", thread.id.to_string());
        sheet.maybe("name", text(&thread.name).map(|name| format!("{name} ({})", self.name_source())));
        if thread.first_user_message != thread.title && thread.first_user_message.is_some() {
            // The message begins with the title.
            sheet.line("title", text(&thread.title));
            sheet.maybe("first message", text(&thread.first_user_message));
        } else {
            sheet.maybe("title", text(&thread.title));
        }
        sheet.row("created", clock.full(thread.created_at));
        sheet.row("updated", clock.full(thread.updated_at));
        sheet.row("last run", drawing::outcome(thread.run_outcome));
        sheet.row("archived", self.archived(&clock));
        sheet.row("rollout", clean(&thread.rollout_path));
        sheet.maybe(
            "missing",
            thread.missing_since.map(|since| {
                let hint = "its rollout is missing; the thread is not listed until the file is back";
                format!("since {}: {hint}", clock.full(since))
            }),
        );

        if let Some(goal) = &self.goal {
            sheet.heading("goal");
            add_goal(&mut sheet, goal);
        }

        if let Some(agent) = &self.agent {
            sheet.heading("agents");
            sheet.row("lifecycle", lifecycle(agent));
            sheet.maybe("parent", agent.parent_thread_id.map(|parent| parent.to_string()));
            sheet.maybe("spawned", (self.spawned > 0).then(|| counted(self.spawned, "thread")));
        }

        sheet.heading("where");
        sheet.maybe("folder", text(&thread.cwd));
        sheet.maybe("branch", text(&thread.git_branch));
        sheet.maybe("commit", text(&thread.git_sha));
        sheet.maybe("remote", text(&thread.git_origin_url));

        sheet.heading("how");
        sheet.row("model", self.model());
        let tokens = |tokens: Option<i64>| tokens.map(|tokens| count(tokens.unsigned_abs()));
        sheet.maybe("tokens", tokens(thread.own_tokens));
        sheet.maybe("inherited", tokens(thread.inherited_tokens.filter(|tokens| *tokens > 0)));
        let source = |source: &String| if screen.verbose { one_line(source) } else { kind_of_source(source) };
        sheet.maybe("source", thread.source.as_ref().map(source));
        sheet.maybe("started for", text(&thread.thread_source));
        if self.agent.is_none() {
            sheet.maybe("parent", thread.parent_thread_id.map(|parent| parent.to_string()));
        }
        sheet.maybe("agent", text(&thread.agent_nickname));
        sheet.maybe("role", text(&thread.agent_role));
        sheet.maybe("agent path", text(&thread.agent_path));
        sheet.maybe("approval", text(&thread.approval_mode));
        let policy =
            |policy: &String| if screen.verbose { one_line(policy) } else { sandbox::summary(policy) };
        sheet.maybe("sandbox", thread.sandbox_policy.as_ref().map(policy));
        sheet.row("memories", clean(&thread.memory_mode));
        sheet.maybe("agent version", text(&thread.cli_version));
        sheet.render(screen)
    }
}
