//! The sheet of one thread, and its document.

use std::path::PathBuf;

use serde_json::{Value, json};
use threadkeep_app::label::{agent_label, agent_names, kind_of_source, thread_label};
use threadkeep_app::text::{clean, count, counted, one_line};
use threadkeep_app::time::Clock;
use threadkeep_app::{Message, sandbox};
use threadkeep_history::{Purpose, ThreadFigures, TokenUsage};
use threadkeep_state::{Agent, AgentTotals, HOME_AGENT, Lifecycle, Thread};
use threadkeep_state_goals::Goal;
use uuid::Uuid;

use super::edit::origin;
use super::resume::Resume;
use super::{drawing, tree};
use crate::commands::goals::{add_agent_goal, add_goal};
use crate::commands::problems::PlaceProblem;
use crate::output::ids::Ids;
use crate::output::sheet::Sheet;
use crate::output::{Answer, Screen, json};

/// Sub-agents and forks that are named without `--verbose`.
const SHOWN: usize = 20;

/// A thread, with its goal and the threads around it.
pub(super) struct Portrait {
    pub(super) thread: Thread,
    /// The rollout's path from the root.
    pub(super) rollout: PathBuf,
    pub(super) resume: Resume,
    /// True if lists may have threads of more than one agent.
    pub(super) are_several_agents: bool,
    /// Its other files, relative to the home.
    pub(super) files: Vec<String>,
    /// Problems of all its files.
    pub(super) problems: Vec<PlaceProblem>,
    pub(super) goal: Option<Goal>,
    /// Figures of its history, as last indexed.
    pub(super) history: Option<ThreadFigures>,
    pub(super) agents: Agents,
    /// Ids of sub-agents and forks.
    pub(super) ids: Ids,
    pub(super) parent: Option<Related>,
    pub(super) forked_from: Option<Related>,
    /// Reason why it may be out of date.
    pub(super) incomplete: Option<Message>,
}

/// Place of a thread in the agent graph.
#[derive(Default)]
pub(super) struct Agents {
    /// The thread itself, if it has a part in the graph.
    pub(super) agent: Option<Agent>,
    /// Threads that it spawned itself.
    pub(super) spawned: Vec<Agent>,
    /// Threads that continue its history.
    pub(super) forks: Vec<Agent>,
    /// Figures about all threads below it, without forks.
    pub(super) totals: AgentTotals,
}

impl Agents {
    /// Returns the ids of the threads around it.
    pub(super) fn ids(&self) -> Vec<Uuid> {
        self.spawned.iter().chain(&self.forks).map(|agent| agent.thread_id).collect()
    }
}

/// A thread that another names. It need not be indexed.
pub(super) struct Related {
    pub(super) id: Uuid,
    pub(super) thread: Option<Thread>,
}

impl Portrait {
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

    /// Returns the tokens of the thread and of all its sub-agents.
    fn tokens_of_all(&self) -> Option<i64> {
        let own = self.thread.own_tokens.unwrap_or(0);
        let AgentTotals { agents, own_tokens } = self.agents.totals;
        (agents > 0).then(|| own_tokens.unwrap_or(0).saturating_add(own))
    }

    fn tokens(&self) -> Option<String> {
        let number = |tokens: i64| count(tokens.unsigned_abs());
        let own = self.thread.own_tokens.map(number);
        let inherited = self.thread.inherited_tokens.filter(|tokens| *tokens > 0);
        let inherited = inherited.map(|tokens| format!("{} inherited", number(tokens)));
        let all = self
            .tokens_of_all()
            .map(|all| format!("{} with {}", number(all), counted(self.agents.totals.agents, "sub-agent")));
        // A file that replaced another counts from 0.
        let replaced = self.history.as_ref().map(|history| history.tokens.total);
        let replaced =
            replaced.filter(|total| !self.files.is_empty() && Some(*total) > self.thread.own_tokens);
        let replaced = replaced.map(|total| format!("{} with its other files", number(total)));
        let parts: Vec<String> = own.into_iter().chain(replaced).chain(inherited).chain(all).collect();
        // Numbers have commas of their own.
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// Adds turns and the kinds of tokens, as far as the history has them.
    fn add_history(&self, sheet: &mut Sheet) {
        let Some(history) = &self.history else { return };
        let inherited = match history.inherited_turns {
            0 => String::new(),
            turns => format!(", {} inherited", count(turns)),
        };
        sheet.row("turns", format!("{}{inherited}", count(history.turns)));
        if history.requests > 0 {
            sheet.row("used", used(&history.tokens, history.requests));
        }
        for row in &history.others {
            let label = if row.purpose == Purpose::Subagent { "by sub-agents" } else { "hidden" };
            sheet.row(label, used(&row.tokens, row.requests));
        }
    }

    fn add_names(&self, sheet: &mut Sheet) {
        let thread = &self.thread;
        let text = |text: &Option<String>| text.as_deref().map(one_line).filter(|text| !text.is_empty());
        let from = thread.name_from.map(|from| format!(" ({})", origin(from))).unwrap_or_default();
        sheet.maybe("name", text(&thread.name).map(|name| format!("{name}{from}")));
        if thread.first_user_message != thread.title && thread.first_user_message.is_some() {
            // The message begins with the title.
            sheet.line("title", text(&thread.title));
            sheet.maybe("first message", text(&thread.first_user_message));
        } else {
            sheet.maybe("title", text(&thread.title));
        }
    }

    fn add_files(&self, sheet: &mut Sheet, clock: &Clock) {
        if self.are_several_agents || self.thread.agent() != HOME_AGENT {
            sheet.row("agent", self.thread.agent());
        }
        sheet.whole("rollout", clean(&self.rollout.to_string_lossy()));
        for (n, file) in self.files.iter().enumerate() {
            sheet.whole(if n == 0 { "other files" } else { "" }, clean(file));
        }
        let is_named = |path: &&String| **path != self.thread.rollout_path && !self.files.contains(path);
        let bases = self.history.iter().flat_map(|history| &history.files).filter(is_named);
        for (n, file) in bases.enumerate() {
            sheet.whole(if n == 0 { "builds on" } else { "" }, clean(file));
        }
        let missing = self.thread.missing_since.map(|since| {
            let hint = "its rollout is missing; the thread is not listed until the file is back";
            format!("since {}: {hint}", clock.full(since))
        });
        sheet.maybe("missing", missing);
        let deleted = self.resume.gone_since.map(|since| {
            format!("by {}, seen {}; what was read of it stays", self.thread.agent(), clock.full(since))
        });
        sheet.maybe("deleted", deleted);
        for (n, problem) in self.problems.iter().enumerate() {
            sheet.line(if n == 0 { "problem" } else { "" }, Some(problem.reason()));
        }
    }

    fn add_relatives(&self, sheet: &mut Sheet, screen: &Screen) {
        sheet.heading("relatives");
        sheet.maybe("lifecycle", self.agents.agent.as_ref().map(lifecycle));
        for (label, related) in [("parent", &self.parent), ("forked from", &self.forked_from)] {
            if let Some(related) = related {
                sheet.whole(label, related.id.to_string());
                let title = related.thread.as_ref().map(thread_label);
                sheet.line("", Some(title.unwrap_or_else(|| "(not indexed)".to_owned())));
            }
        }
        let most = screen.most(SHOWN);
        for (label, agents) in [("sub-agents", &self.agents.spawned), ("forks", &self.agents.forks)] {
            for (n, agent) in agents.iter().enumerate().take(most) {
                let id = self.ids.shown(agent.thread_id, screen);
                let named = [id, agent_names(agent), agent_label(agent)];
                let mut named: Vec<String> = named.into_iter().filter(|part| !part.is_empty()).collect();
                named.dedup();
                sheet.line(if n == 0 { label } else { "" }, Some(named.join("  ")));
            }
            if agents.len() > most {
                sheet.row("", format!("and {} more: -v names all", count((agents.len() - most) as u64)));
            }
        }
    }
}

/// Renders the lifecycle: open, or closed and with which thread.
fn lifecycle(agent: &Agent) -> String {
    match (agent.lifecycle, agent.closed_by) {
        (Lifecycle::Closed, Some(by)) if by != agent.thread_id => format!("closed, with {by}"),
        (lifecycle, _) => lifecycle.to_string(),
    }
}

/// Renders the kinds of tokens of some requests.
fn used(tokens: &TokenUsage, requests: u64) -> String {
    let number = |tokens: i64| count(tokens.unsigned_abs());
    format!(
        "input {} ({} cached), output {} ({} reasoning), in {}",
        number(tokens.input),
        number(tokens.cached_input),
        number(tokens.output),
        number(tokens.reasoning),
        counted(requests, "request")
    )
}

fn json_of_history(history: &ThreadFigures) -> Value {
    let mut document = json!({
        "own_turns": history.turns,
        "inherited_turns": history.inherited_turns,
        "requests": history.requests,
        "tokens": json::tokens(&history.tokens),
        "files": history.files,
    });
    for row in &history.others {
        json::add_others(&mut document, row.purpose, &row.tokens, row.requests);
    }
    document
}

impl Answer for Portrait {
    fn json(&self) -> Value {
        let mut document = json!({
            "thread": json::thread(&self.thread, self.goal.as_ref()),
            "rollout": self.rollout.to_string_lossy(),
            "other_files": self.files,
            "agent": self.agents.agent.as_ref().map(tree::json_of),
            "spawned": self.agents.spawned.len(),
            "sub_agents": self.agents.spawned.iter().map(tree::json_of).collect::<Vec<_>>(),
            "forks": self.agents.forks.iter().map(tree::json_of).collect::<Vec<_>>(),
            "tokens_with_sub_agents": self.tokens_of_all(),
            "history": self.history.as_ref().map(json_of_history),
        });
        if self.thread.agent() != HOME_AGENT {
            document["gone_since"] = json!(json::at(self.resume.gone_since));
            document["gone_since_ms"] = json!(json::ms(self.resume.gone_since));
        }
        // Only if there are any, which is rare.
        if !self.problems.is_empty() {
            document["problems"] = self.problems.iter().map(PlaceProblem::json).collect();
        }
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
        sheet.whole("id", thread.id.to_string());
        self.add_names(&mut sheet);
        sheet.row("created", clock.full(thread.created_at));
        sheet.row("updated", clock.full(thread.updated_at));
        sheet.row("last run", drawing::outcome(thread.run_outcome));
        sheet.row("archived", self.archived(&clock));
        self.add_files(&mut sheet, &clock);
        if thread.missing_since.is_none() {
            for (n, command) in self.resume.commands().enumerate() {
                sheet.whole(if n == 0 { "go on with" } else { "" }, command);
            }
        }

        if let Some(goal) = &self.goal {
            sheet.heading("goal");
            add_goal(&mut sheet, goal);
        }
        if let Some(goal) = &thread.agent_goal {
            sheet.heading("the agent's goal, as last set by the agent");
            add_agent_goal(&mut sheet, goal);
        }

        self.add_relatives(&mut sheet, screen);

        sheet.heading("where");
        sheet.maybe("folder", text(&thread.cwd));
        sheet.maybe("branch", text(&thread.git_branch));
        sheet.maybe("commit", text(&thread.git_sha));
        sheet.maybe("remote", text(&thread.git_origin_url));

        sheet.heading("how");
        sheet.row("model", self.model());
        sheet.maybe("tokens", self.tokens());
        self.add_history(&mut sheet);
        let source = |source: &String| if screen.verbose { one_line(source) } else { kind_of_source(source) };
        sheet.maybe("source", thread.source.as_ref().map(source));
        sheet.row("kind", thread.kind.as_str());
        sheet.maybe("nickname", text(&thread.agent_nickname));
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
