//! Faults at chosen steps. A call of a port is two steps: before and after its effect.

use std::sync::{Arc, Mutex, PoisonError};

/// A fault at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call fails. Later ones work again.
    Fail,
    /// The process dies: this call and all later ones through these faults fail, so that nothing
    /// can be cleaned up.
    Die,
}

/// Counter of steps that strikes at one of them. Clones are the same faults.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<State>>);

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
        Self(Arc::new(Mutex::new(State { strike: Some((step, fault)), ..State::default() })))
    }

    /// Returns the number of steps begun.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).steps
    }

    /// Returns true if the process has died.
    #[cfg(feature = "signing")]
    pub(super) fn is_dead(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).dead
    }

    /// Makes one step. Returns an error if a fault strikes.
    pub(super) fn step(&self) -> Result<(), &'static str> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let step = state.steps;
        state.steps += 1;
        let fault = state.strike.filter(|(at, _)| *at == step).map(|(_, fault)| fault);
        state.dead |= fault == Some(Fault::Die);
        if state.dead || fault.is_some() { Err("an injected fault") } else { Ok(()) }
    }
}
