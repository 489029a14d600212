//! Faults at chosen steps. Every call of an in-memory port is one step, a commit two (before and
//! after it is durable).

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::BoxError;

/// A fault at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call fails. Later ones work again.
    Fail,
    /// The process dies: neither this call nor a later one through these faults returns.
    Kill,
}

/// Counter of steps that strikes at one of them. Clones are the same faults.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    killed: Notify,
}

#[derive(Debug, Default)]
struct State {
    steps: u64,
    strike: Option<(u64, Fault)>,
    dead: bool,
}

impl Faults {
    /// Makes faults that strike at a step, counted from zero.
    #[must_use]
    pub fn at(step: u64, fault: Fault) -> Self {
        let faults = Self::default();
        faults.state().strike = Some((step, fault));
        faults
    }

    /// Returns the number of steps begun.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.state().steps
    }

    /// Returns true if the process has died.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.state().dead
    }

    /// Waits until the process has died. Select on this and the run, then drop the run.
    pub async fn killed(&self) {
        let notified = self.0.killed.notified();
        if !self.is_dead() {
            notified.await;
        }
    }

    /// Makes one step.
    pub(super) async fn step(&self) -> Result<(), BoxError> {
        let fault = {
            let mut state = self.state();
            if state.dead {
                Some(Fault::Kill)
            } else {
                let step = state.steps;
                state.steps += 1;
                let fault = state.strike.filter(|(at, _)| *at == step).map(|(_, fault)| fault);
                state.dead = fault == Some(Fault::Kill);
                fault
            }
        };
        match fault {
            // Real ports wait, so the engine must be able to.
            None => tokio::task::yield_now().await,
            Some(Fault::Fail) => return Err("an injected fault".into()),
            Some(Fault::Kill) => {
                self.0.killed.notify_waiters();
                std::future::pending::<()>().await;
            }
        }
        Ok(())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
