//! Ends of memory jobs are counted by phase and status.

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use threadkeep_memories::{
    ConsolidationClaim, ConsolidationLock, ConsolidationRequest, JobFailure, StageOneJobs, StageOneOutput,
};
use threadkeep_sqlite::telemetry::{Tags, names};
use threadkeep_sqlite::{DbTelemetry, install_telemetry};

use super::{request, threads};
use crate::common::{Fixture, Result};

const NAME: &str = "memory::counted::each_end_of_a_job_is_counted_with_its_status";
const CHILD: &str = "THREADKEEP_TEST_COUNTED";

#[derive(Default)]
struct Ends(Mutex<Vec<String>>);

impl DbTelemetry for Ends {
    fn counter(&self, name: &'static str, value: u64, tags: Tags<'_>) {
        if name == names::MEMORY_JOB {
            let tags: Vec<&str> = tags.iter().map(|(_, value)| *value).collect();
            self.0.lock().expect("no test panics here").push(format!("{value} {}", tags.join(" ")));
        }
    }

    fn duration(&self, _: &'static str, _: Duration, _: Tags<'_>) {}
}

#[tokio::test]
async fn each_end_of_a_job_is_counted_with_its_status() -> Result {
    if std::env::var_os(CHILD).is_none() {
        // The process's one sink is installed, so it has a process of its own.
        let mut child = Command::new(std::env::current_exe()?);
        let ended = child.args([NAME, "--exact", "--nocapture"]).env(CHILD, "1").output()?;
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
        return Ok(());
    }
    let ends = Arc::new(Ends::default());
    install_telemetry(ends.clone())?;
    let (fixture, now) = (Fixture::empty().await?, Timestamp::now());
    threads(&fixture, 1..5, now, 20).await?;
    let memories = fixture.state.memories();
    let claims = StageOneJobs::claim(&memories, &request(now)).await?;
    let [one, two, three, four] = claims.as_slice() else { return Err("four jobs".into()) };
    let output = StageOneOutput {
        rollout_summary: "it works".to_owned(),
        raw_memory: "- it works".to_owned(),
        slug: None,
    };
    StageOneJobs::succeed(&memories, &one.lease, &output, now).await?;
    memories.succeed_without_output(&two.lease, "nothing to remember", now).await?;
    let failure = JobFailure { reason: "the model is away".to_owned(), retry_at: None, uses_try: true };
    StageOneJobs::fail(&memories, &three.lease, &failure, now).await?;
    StageOneJobs::release(&memories, &four.lease).await?;
    StageOneJobs::release(&memories, &four.lease).await.expect_err("it was released");
    let ask = ConsolidationRequest {
        owner: "a worker".to_owned(),
        term: request(now).term,
        cooldown: Duration::ZERO,
        force: false,
        root: Some("/home/memories".into()),
    };
    let claimed = ConsolidationLock::claim(&memories, &ask).await?;
    let ConsolidationClaim::Granted(lease) = claimed else { return Err("the lock".into()) };
    ConsolidationLock::release(&memories, &lease).await?;
    assert_eq!(
        *ends.0.lock().expect("no test panics here"),
        [
            "1 state ok extract",
            "1 state empty extract",
            "1 state error extract",
            "1 state released extract",
            "1 state lost extract",
            "1 state released consolidate",
        ]
    );
    Ok(())
}
