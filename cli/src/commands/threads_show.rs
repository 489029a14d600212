//! `threads show`: everything that is known of one thread.

use serde_json::{Value, json};
use threadkeep_rollout::AgentHome;
use threadkeep_state::{Agent, GraphError, Lifecycle, StateRuntime, Thread, TreeQuery};
use threadkeep_state_goals::Goal;

use super::resolve::look_up;
use super::threads_table::kind_of_source;
use super::{goal_sheet, goal_store, no_index, sandbox, threads_tree, tree_drawing};
use crate::config::Settings;
use crate::homes::Homes;
use crate::index::Index;
use crate::output::sheet::Sheet;
use crate::output::text::{clean, count, one_line, things};
use crate::output::time::Clock;
use crate::output::{Answer, Screen, json};
use crate::pass::{self, Refreshed};

/// A thread, and where its name comes from.
pub(super) struct Shown {
    thread: Thread,
    /// The name in the home's `session_index.jsonl`.
    session_name: Option<String>,
    goal: Option<Goal>,
    /// The thread in the agent graph, where it is in there.
    agent: Option<Agent>,
    /// How many it spawned itself.
    spawned: u64,
    /// Why it may be older than the rollout.
    incomplete: Option<String>,
}

pub(super) async fn show(
    homes: &Homes,
    id: &str,
    no_refresh: bool,
    settings: &Settings,
    screen: &Screen,
) -> anyhow::Result<Shown> {
    let home = homes.agent_home()?;
    let index = if no_refresh {
        Index::existing(homes, screen).await?.ok_or_else(|| no_index(homes))?
    } else {
        Index::for_reading(homes, screen).await?
    };
    let refreshed = if no_refresh {
        Refreshed { incomplete: pass::unfinished(&index).await?, ..Refreshed::default() }
    } else {
        pass::refresh(&index, &home, screen).await?
    };
    if let Some(reason) = &refreshed.incomplete {
        screen.note(&format!("{reason}; what follows may be older than the rollout"));
    }
    let thread = look_up(&index, id).await;
    if let Some(failures) = refreshed.failures().filter(|_| screen.verbose || thread.is_err()) {
        screen.note(&failures);
    }
    let thread = thread?;
    let (agent, spawned) = agent(&index.state, &thread).await?;
    index.close().await?;
    let session_name = session_name(&home, &thread);
    let goal = goal_store::of_threads(homes, &[thread.id], settings, screen).await.remove(&thread.id);
    Ok(Shown { thread, session_name, goal, agent, spawned, incomplete: refreshed.incomplete })
}

/// The thread in the agent graph, and how many threads it spawned itself.
async fn agent(state: &StateRuntime, thread: &Thread) -> anyhow::Result<(Option<Agent>, u64)> {
    let query = TreeQuery { root: Some(thread.id), max_depth: 1, ..TreeQuery::default() };
    match state.graph().tree(query).await {
        Ok(tree) => {
            let spawned = tree.len().saturating_sub(1) as u64;
            // Of a thread that is alone and open there is nothing to say.
            let has_part = |agent: &Agent| {
                spawned > 0 || agent.parent_thread_id.is_some() || agent.lifecycle == Lifecycle::Closed
            };
            Ok((tree.into_iter().next().filter(has_part), spawned))
        }
        Err(GraphError::NotFound { .. }) => Ok((None, 0)),
        Err(error) => Err(error.into()),
    }
}

/// A file that cannot be read tells nothing about the name, and is reported by the commands that need it.
fn session_name(home: &AgentHome, thread: &Thread) -> Option<String> {
    let names = home.thread_names().ok()?;
    names.get(thread.id).map(str::to_owned)
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
        parts.push(format!("by {}", thread.model_provider));
        clean(&parts.join(", ")).into_owned()
    }
}

/// Whether it is open, and if not, what closed it.
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
            "agent": self.agent.as_ref().map(threads_tree::json_of),
            "spawned": self.spawned,
        });
        if let Some(reason) = &self.incomplete {
            document["incomplete"] = reason.as_str().into();
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
            // The message says it all again.
            sheet.line("title", text(&thread.title));
            sheet.maybe("first message", text(&thread.first_user_message));
        } else {
            sheet.maybe("title", text(&thread.title));
        }
        if thread.preview != thread.title && thread.preview != thread.first_user_message {
            sheet.maybe("preview", text(&thread.preview));
        }
        sheet.row("created", clock.full(thread.created_at));
        sheet.row("updated", clock.full(thread.updated_at));
        sheet.row("last run", tree_drawing::outcome(thread.run_outcome));
        sheet.row("archived", self.archived(&clock));
        sheet.row("rollout", clean(&thread.rollout_path));
        sheet.maybe(
            "missing",
            thread.missing_since.map(|since| {
                let hint = "its rollout is missing, and the thread is in no list until it is back";
                format!("since {}: {hint}", clock.full(since))
            }),
        );

        if let Some(goal) = &self.goal {
            sheet.heading("goal");
            goal_sheet::add(&mut sheet, goal);
        }

        if let Some(agent) = &self.agent {
            sheet.heading("agents");
            sheet.row("lifecycle", lifecycle(agent));
            sheet.maybe("parent", agent.parent_thread_id.map(|parent| parent.to_string()));
            sheet.maybe("spawned", (self.spawned > 0).then(|| things(self.spawned, "thread")));
        }

        sheet.heading("where");
        sheet.maybe("folder", text(&thread.cwd));
        sheet.maybe("branch", text(&thread.git_branch));
        sheet.maybe("commit", text(&thread.git_sha));
        sheet.maybe("remote", text(&thread.git_origin_url));

        sheet.heading("how");
        sheet.row("model", self.model());
        sheet.row("tokens", count(u64::try_from(thread.tokens_used).unwrap_or(0)));
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
