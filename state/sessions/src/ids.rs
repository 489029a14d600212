//! Ids of threads, made of the agents' own ids of sessions.

use std::collections::HashSet;

use uuid::Uuid;

/// Namespace of the ids that are made from an agent's name and its own id of a session. Chosen at
/// random; it never changes.
const NAMESPACE: Uuid = Uuid::from_u128(0x7792_2055_5cf1_4039_8fe7_c2fe_9c1a_906d);

/// Ids of the threads of an agent's sessions.
#[derive(Debug, Clone)]
pub struct ThreadIds<'a> {
    agent: &'a str,
    taken: HashSet<Uuid>,
}

impl<'a> ThreadIds<'a> {
    /// Makes the ids of an agent, given the ids of other agents' threads: a session may have the
    /// same UUID in two agents, where the user chose it or one agent imported it.
    pub fn new(agent: &'a str, taken: impl IntoIterator<Item = Uuid>) -> Self {
        Self { agent, taken: taken.into_iter().collect() }
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
