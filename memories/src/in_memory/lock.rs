//! The lock in memory.

use async_trait::async_trait;
use jiff::Timestamp;

use super::InMemoryStore;
use super::data::Data;
use crate::{
    BoxError, ConsolidationClaim, ConsolidationFailure, ConsolidationLease, ConsolidationLock,
    ConsolidationRequest, ConsolidationState, ConsolidationSuccess, NotNow, Term, WriteError,
};

#[async_trait]
impl ConsolidationLock for InMemoryStore {
    async fn claim(&self, request: &ConsolidationRequest) -> Result<ConsolidationClaim, BoxError> {
        let mut data = self.data();
        let now = request.term.now;
        if let Some((owner, expires_at)) =
            data.lock.holder.clone().filter(|(_, expires_at)| *expires_at > now)
        {
            return Ok(ConsolidationClaim::Refused(NotNow::Held { owner, expires_at }));
        }
        if !request.force {
            if let Some(until) = data.lock.retry_at.filter(|at| *at > now) {
                return Ok(ConsolidationClaim::Refused(NotNow::Waiting { until }));
            }
            let until = data.lock.last_success_at.map(|at| at + request.cooldown);
            if let Some(until) = until.filter(|until| *until > now && data.forgotten.is_empty()) {
                return Ok(ConsolidationClaim::Refused(NotNow::CoolingDown { until }));
            }
        }
        data.token += 1;
        data.lock_token = data.token;
        data.lock.holder = Some((request.owner.clone(), request.term.expires_at));
        data.lock.root = request.root.clone().or(data.lock.root.take());
        let lease = ConsolidationLease { owner: request.owner.clone(), token: data.token };
        Ok(ConsolidationClaim::Granted(lease))
    }

    async fn heartbeat(&self, lease: &ConsolidationLease, term: Term) -> Result<(), WriteError> {
        let mut data = self.data();
        check(&data, lease)?;
        data.lock.holder = Some((lease.owner.clone(), term.expires_at));
        Ok(())
    }

    async fn succeed(
        &self,
        lease: &ConsolidationLease,
        success: &ConsolidationSuccess,
        now: Timestamp,
    ) -> Result<(), WriteError> {
        let mut data = self.data();
        check(&data, lease)?;
        for memory in data.memories.values_mut() {
            memory.selected = success.selection.iter().any(|(thread, _)| *thread == memory.thread.id);
        }
        for thread in &success.forgotten {
            data.forgotten.remove(thread);
        }
        // The workspace now has words of memories that were forgotten while the run lasted.
        let had: Vec<_> = success.selection.iter().map(|(thread, _)| *thread).collect();
        let gone = had.into_iter().filter(|thread| !data.memories.contains_key(thread)).collect::<Vec<_>>();
        data.forgotten.extend(gone);
        if let Some(files) = &success.files {
            data.kept.clone_from(files);
        }
        data.lock = ConsolidationState {
            last_success_at: Some(now),
            root: data.lock.root.take(),
            watermark: success.selection.iter().map(|(_, updated_at)| *updated_at).max(),
            ..ConsolidationState::default()
        };
        Ok(())
    }

    async fn fail(
        &self,
        lease: &ConsolidationLease,
        failure: &ConsolidationFailure,
    ) -> Result<(), WriteError> {
        let mut data = self.data();
        check(&data, lease)?;
        data.lock.holder = None;
        data.lock.failure = Some((failure.step.code().to_owned(), failure.reason.clone()));
        data.lock.retry_at = Some(failure.retry_at);
        Ok(())
    }

    async fn release(&self, lease: &ConsolidationLease) -> Result<(), WriteError> {
        let mut data = self.data();
        check(&data, lease)?;
        data.lock.holder = None;
        Ok(())
    }

    async fn state(&self) -> Result<ConsolidationState, BoxError> {
        let data = self.data();
        Ok(ConsolidationState { forgotten: data.forgotten.iter().copied().collect(), ..data.lock.clone() })
    }
}

fn check(data: &Data, lease: &ConsolidationLease) -> Result<(), WriteError> {
    let holds = data.lock.holder.is_some() && data.lock_token == lease.token;
    if holds { Ok(()) } else { Err(WriteError::LeaseLost) }
}
