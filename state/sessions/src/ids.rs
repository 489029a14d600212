//! Ids of threads, made of the agents' own ids of sessions.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use crate::session::Parent;

/// Namespace of the ids that are made from an agent's name and its own id of a session. Chosen at
/// random; it never changes.
const NAMESPACE: Uuid = Uuid::from_u128(0x7792_2055_5cf1_4039_8fe7_c2fe_9c1a_906d);

/// Ids of the threads of an agent's sessions.
#[derive(Debug, Clone)]
pub struct ThreadIds<'a> {
    agent: &'a str,
    taken: HashSet<Uuid>,
    others: OtherThreads,
}

/// Threads of other agents' sessions, by agent and identity.
pub(crate) type OtherThreads = BTreeMap<String, HashMap<String, Uuid>>;

impl<'a> ThreadIds<'a> {
    /// Makes the ids of an agent, given the ids of other agents' threads: a session may have the
    /// same UUID in two agents, where the user chose it or one agent imported it.
    pub fn new(agent: &'a str, taken: impl IntoIterator<Item = Uuid>) -> Self {
        Self { agent, taken: taken.into_iter().collect(), others: OtherThreads::new() }
    }

    /// Makes the ids of an agent, given the threads of other agents.
    pub(crate) fn with_others(agent: &'a str, others: OtherThreads) -> Self {
        let taken: Vec<_> = others.values().flat_map(HashMap::values).copied().collect();
        Self { others, ..Self::new(agent, taken) }
    }

    /// Leaves threads to other agents' sessions that are not in the mirror.
    pub(crate) fn leaving(mut self, threads: impl IntoIterator<Item = Uuid>) -> Self {
        self.taken.extend(threads);
        self
    }

    /// Returns the thread of another agent's session that a session was migrated from; `None` if
    /// there is none.
    pub(crate) fn migrated_from(&self, parent: &Parent) -> Option<Uuid> {
        self.of_other(parent.agent.as_deref()?, parent.identity())
    }

    /// Returns the thread of another agent's session; `None` if there is none.
    pub(crate) fn of_other(&self, agent: &str, identity: &str) -> Option<Uuid> {
        self.others.get(agent)?.get(identity).copied()
    }

    /// Returns the agent's name.
    pub fn agent(&self) -> &'a str {
        self.agent
    }

    /// Returns the thread's id of a session: the agent's own, where that is a UUID that no other
    /// agent has; else the version 5 id of agent and identity
    /// ([`Session::identity`](crate::Session::identity)).
    pub fn of(&self, identity: &str) -> Uuid {
        let own = (identity.len() == 36).then(|| Uuid::try_parse(identity).ok()).flatten();
        let own = own.filter(|own| !self.taken.contains(own));
        own.unwrap_or_else(|| Uuid::new_v5(&NAMESPACE, format!("{}/{identity}", self.agent).as_bytes()))
    }
}
