//! Phase 1 over the in-memory ports.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use threadkeep_memories::extraction::{Extraction, ExtractionOptions, JobOutcome, JobReport};
use threadkeep_memories::in_memory::{
    InMemoryStore, InMemoryTexts, InMemoryThread, ManualClock, ScriptedModel,
};
use threadkeep_memories::{
    ExtractionRequest, MemoryItem, ModelError, Redactor, SkipReason, StageOneJobs, StageOneOutputs,
    ThreadFacts,
};
use uuid::Uuid;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const GOOD: &str = r#"{"rollout_summary":"did it","raw_memory":"- use make","rollout_slug":"make"}"#;

/// Takes the word `hunter2` out.
struct NoHunter;

impl Redactor for NoHunter {
    fn redact(&self, text: &str) -> String {
        text.replace("hunter2", "[redacted]")
    }
}

struct Fixture {
    store: InMemoryStore,
    texts: InMemoryTexts,
    clock: ManualClock,
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

impl Fixture {
    /// Threads with these numbers, each with a message of its user.
    fn new(numbers: impl IntoIterator<Item = u128>) -> Result<Self> {
        let clock = ManualClock::at("2026-11-28T12:00:00Z".parse()?);
        let fixture = Self { store: InMemoryStore::default(), texts: InMemoryTexts::default(), clock };
        for number in numbers {
            let rollout_path = format!("sessions/{number}.jsonl");
            let updated_at: Timestamp = "2026-11-27T12:00:00Z".parse()?;
            let facts = ThreadFacts {
                id: id(number),
                title: None,
                cwd: None,
                git_branch: None,
                rollout_path,
                updated_at,
            };
            fixture.store.put_thread(InMemoryThread::new(facts));
            let text = format!("please do {number}, the password is hunter2");
            fixture.texts.put(id(number), vec![MemoryItem::User { text }]);
        }
        Ok(fixture)
    }

    fn engine(
        &self,
        answer: impl Fn(&ExtractionRequest<'_>) -> std::result::Result<String, ModelError> + Send + Sync + 'static,
    ) -> Extraction {
        self.engine_with(answer, |_| {})
    }

    fn engine_with(
        &self,
        answer: impl Fn(&ExtractionRequest<'_>) -> std::result::Result<String, ModelError> + Send + Sync + 'static,
        set: impl FnOnce(&mut ExtractionOptions),
    ) -> Extraction {
        let mut options = ExtractionOptions::new("test");
        options.clock = Arc::new(self.clock.clone());
        set(&mut options);
        let (store, texts) = (Arc::new(self.store.clone()), Arc::new(self.texts.clone()));
        Extraction::new(store, texts, Arc::new(ScriptedModel::new(answer)), Arc::new(NoHunter), options)
    }

    async fn run(&self, engine: &Extraction) -> Result<Vec<JobReport>> {
        Ok(engine.run(std::future::pending(), |_| {}).await?)
    }
}

#[tokio::test]
async fn every_eligible_thread_gets_its_memory() -> Result {
    let fixture = Fixture::new(1..=30)?;
    let seen = Arc::new(Mutex::new(String::new()));
    let engine = fixture.engine({
        let seen = Arc::clone(&seen);
        move |request| {
            seen.lock().expect("one thread").push_str(request.input);
            let answer =
                r#"{"summary":"did it with hunter2","rawMemory":"hunter2","rollout_slug":"hunter2"}"#;
            Ok(answer.to_owned())
        }
    });
    let reports = fixture.run(&engine).await?;
    assert_eq!(reports.len(), 30);
    assert!(reports.iter().all(|report| report.outcome == JobOutcome::Remembered), "{reports:?}");
    let seen = seen.lock().expect("one thread").clone();
    assert!(seen.contains("please do 7, the password is [redacted]") && !seen.contains("hunter2"));
    for memory in fixture.store.list().await? {
        assert_eq!(memory.output.rollout_summary, "did it with [redacted]");
        assert_eq!((memory.output.raw_memory.as_str(), memory.usage_count), ("[redacted]", 0));
    }
    assert!(fixture.run(&engine).await?.is_empty(), "all are up to date");
    Ok(())
}

/// Answers when as many threads as may are being read.
struct Together(tokio::sync::Barrier, AtomicUsize, AtomicUsize);

#[async_trait::async_trait]
impl threadkeep_memories::StageOneModel for Together {
    async fn extract(&self, _: ExtractionRequest<'_>) -> std::result::Result<String, ModelError> {
        let Self(all, now, most) = self;
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        all.wait().await;
        // One too many would begin now.
        tokio::task::yield_now().await;
        now.fetch_sub(1, Ordering::SeqCst);
        Ok(GOOD.to_owned())
    }
}

#[tokio::test(start_paused = true)]
async fn eight_threads_are_read_at_a_time() -> Result {
    let fixture = Fixture::new(1..=24)?;
    let model = Arc::new(Together(tokio::sync::Barrier::new(8), AtomicUsize::new(0), AtomicUsize::new(0)));
    let mut options = ExtractionOptions::new("test");
    options.clock = Arc::new(fixture.clock.clone());
    let (store, texts) = (Arc::new(fixture.store.clone()), Arc::new(fixture.texts.clone()));
    let engine = Extraction::new(store, texts, Arc::clone(&model) as _, Arc::new(NoHunter), options);
    // With fewer at a time none would ever answer, and the clock runs on.
    let reports = tokio::time::timeout(Duration::from_secs(60), fixture.run(&engine)).await??;
    assert_eq!((reports.len(), model.2.load(Ordering::SeqCst)), (24, 8));
    Ok(())
}

#[tokio::test]
async fn the_limit_holds_for_the_whole_run() -> Result {
    let fixture = Fixture::new(1..=30)?;
    let engine = fixture.engine_with(|_| Ok(GOOD.to_owned()), |options| options.limit = 10);
    assert_eq!(fixture.run(&engine).await?.len(), 10);
    Ok(())
}

#[tokio::test]
async fn failures_back_off_and_permanent_ones_end() -> Result {
    let fixture = Fixture::new([1, 2, 3, 4, 5])?;
    fixture.texts.put(id(5), vec![MemoryItem::Agent { text: "alone".into() }]);
    let asked = Arc::new(Mutex::new(BTreeMap::<Uuid, usize>::new()));
    let engine = fixture.engine({
        let asked = Arc::clone(&asked);
        move |request| {
            *asked.lock().expect("one thread").entry(request.thread.id).or_default() += 1;
            match request.thread.id.as_u128() {
                1 => Err(ModelError::Transient { reason: "busy, key hunter2".into() }),
                2 => Err(ModelError::Permanent { reason: "no such model".into() }),
                3 => Ok("I am sorry".into()),
                _ => Ok(r#"{"rollout_summary":"","raw_memory":"","rollout_slug":null}"#.into()),
            }
        }
    });
    let reports = fixture.run(&engine).await?;
    let outcomes: BTreeMap<u128, JobOutcome> =
        reports.into_iter().map(|report| (report.thread.id.as_u128(), report.outcome)).collect();
    insta::assert_debug_snapshot!(outcomes, @r#"
    {
        1: Failed {
            reason: "busy, key [redacted]",
            retry_at: Some(
                2026-11-28T13:00:00Z,
            ),
        },
        2: Failed {
            reason: "the model refused the request: no such model",
            retry_at: None,
        },
        3: Failed {
            reason: "the model's answer does not follow the schema: expected value at line 1 column 1",
            retry_at: Some(
                2026-11-28T13:00:00Z,
            ),
        },
        4: Nothing(
            "the model found nothing to remember",
        ),
        5: Nothing(
            "the thread has no words of the user",
        ),
    }
    "#);
    // One try after another, each later, until there are none left.
    for _ in 0..20 {
        fixture.clock.advance(Duration::from_secs(3_600));
        fixture.run(&engine).await?;
    }
    let asked = asked.lock().expect("one thread").clone();
    assert_eq!(asked, BTreeMap::from([(id(1), 4), (id(2), 1), (id(3), 4), (id(4), 1)]));
    let counts = fixture.store.counts(&ExtractionOptions::new("test").request(1)).await?;
    assert_eq!((counts.failed, counts.succeeded_no_output), (3, 2));
    Ok(())
}

#[tokio::test]
async fn an_unavailable_model_ends_the_run_and_uses_no_try() -> Result {
    let fixture = Fixture::new(1..=20)?;
    let (asked, works) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let engine = fixture.engine_with(
        {
            let (asked, works) = (Arc::clone(&asked), Arc::clone(&works));
            move |_| {
                asked.fetch_add(1, Ordering::SeqCst);
                let retry_after = Some(Duration::from_secs(3 * 3_600));
                match works.load(Ordering::SeqCst) {
                    0 => Err(ModelError::Unavailable { reason: "key hunter2".into(), retry_after }),
                    _ => Ok(GOOD.to_owned()),
                }
            }
        },
        |options| options.concurrency = 2,
    );
    let reports = fixture.run(&engine).await?;
    let postponed = JobOutcome::Postponed {
        reason: "the model is unavailable: key [redacted]".into(),
        retry_at: "2026-11-28T15:00:00Z".parse()?,
    };
    assert!(reports.iter().all(|report| report.outcome == postponed), "{reports:?}");
    assert_eq!((reports.len(), asked.load(Ordering::SeqCst)), (2, 2), "no thread is claimed after the first");
    // An outage of two days.
    for _ in 0..48 {
        fixture.clock.advance(Duration::from_secs(3_600));
        fixture.run(&engine).await?;
    }
    works.store(1, Ordering::SeqCst);
    fixture.clock.advance(Duration::from_secs(3 * 3_600));
    let reports = fixture.run(&engine).await?;
    assert_eq!(reports.len(), 20);
    assert!(reports.iter().all(|report| report.outcome == JobOutcome::Remembered), "{reports:?}");
    Ok(())
}

#[tokio::test]
async fn a_stopped_run_gives_its_jobs_back() -> Result {
    let fixture = Fixture::new(1..=3)?;
    let (started, stop) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
    struct Hangs(Arc<tokio::sync::Notify>);
    #[async_trait::async_trait]
    impl threadkeep_memories::StageOneModel for Hangs {
        async fn extract(&self, _: ExtractionRequest<'_>) -> std::result::Result<String, ModelError> {
            self.0.notify_one();
            std::future::pending().await
        }
    }
    let mut options = ExtractionOptions::new("test");
    options.clock = Arc::new(fixture.clock.clone());
    let (store, texts) = (Arc::new(fixture.store.clone()), Arc::new(fixture.texts.clone()));
    let engine =
        Extraction::new(store, texts, Arc::new(Hangs(Arc::clone(&started))), Arc::new(NoHunter), options);
    let run = engine.run(stop.notified(), |_| {});
    let (reports, ()) = tokio::join!(run, async {
        started.notified().await;
        stop.notify_one();
    });
    assert!(reports?.iter().all(|report| report.outcome == JobOutcome::Stopped));
    let mut request = ExtractionOptions::new("test");
    request.clock = Arc::new(fixture.clock.clone());
    let considered = fixture.store.consider(&request.request(1)).await?;
    assert!(considered.iter().all(|it| it.skip.is_none()), "{considered:?}");
    Ok(())
}

#[tokio::test]
async fn a_thread_forgotten_meanwhile_stays_forgotten() -> Result {
    let fixture = Fixture::new([1])?;
    let store = fixture.store.clone();
    let engine = fixture.engine(move |request| {
        store.delete_thread(request.thread.id);
        Ok(GOOD.to_owned())
    });
    let reports = fixture.run(&engine).await?;
    assert_eq!(reports[0].outcome, JobOutcome::LeaseLost);
    assert!(fixture.store.list().await?.is_empty());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_while_the_model_works() -> Result {
    let fixture = Fixture::new([1])?;
    struct Slow(ManualClock, InMemoryStore);
    #[async_trait::async_trait]
    impl threadkeep_memories::StageOneModel for Slow {
        async fn extract(&self, _: ExtractionRequest<'_>) -> std::result::Result<String, ModelError> {
            for _ in 0..30 {
                tokio::time::sleep(Duration::from_secs(600)).await;
                self.0.advance(Duration::from_secs(600));
            }
            let mut options = ExtractionOptions::new("other");
            options.clock = Arc::new(self.0.clone());
            let considered = self.1.consider(&options.request(1)).await.expect("reading");
            assert_eq!(considered[0].skip, Some(SkipReason::Running));
            Ok(GOOD.to_owned())
        }
    }
    let mut options = ExtractionOptions::new("test");
    options.clock = Arc::new(fixture.clock.clone());
    let (store, texts) = (Arc::new(fixture.store.clone()), Arc::new(fixture.texts.clone()));
    let slow = Slow(fixture.clock.clone(), fixture.store.clone());
    let engine = Extraction::new(store, texts, Arc::new(slow), Arc::new(NoHunter), options);
    assert_eq!(fixture.run(&engine).await?[0].outcome, JobOutcome::Remembered);
    Ok(())
}
