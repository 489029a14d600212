//! Databases that were lost or damaged, and programs that were killed: what only the user knows is
//! there again.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use threadkeep_sqlite::OpenOptions;
use threadkeep_state::{Lifecycle, MemoryMode, StateOptions, StateRuntime, TreeQuery};
use threadkeep_state_goals::{GoalStatus, GoalUpdate, NewGoal};
use threadkeep_state_logs::LogQuery;
use uuid::Uuid;

use crate::common::{Fixture, Result};
use crate::deletion::{log, logged};

/// One step of a user.
#[derive(Clone, Debug)]
enum Step {
    Rename(usize, Option<String>),
    Archive(usize, bool),
    Memory(usize, bool),
    Goal(usize, String),
    Pause(usize),
    Account(usize, i64),
    DropGoal(usize),
    Close(usize),
    Reopen(usize),
    Delete(usize),
    Restore(usize),
}

/// Damage to the files of a SQLite home.
#[derive(Clone, Debug)]
enum Damage {
    /// The database is gone, with its log.
    Gone(usize),
    /// It is empty.
    Emptied(usize),
    /// It is cut to a share of its length, in 256ths.
    Cut(usize, u8),
    /// Bytes are changed: place, as a share of the length, and what is added to each.
    Bytes(usize, Vec<(u32, u8)>),
    /// A page is overwritten.
    Page(usize, u32, u8),
}

const DATABASES: [&str; 3] = ["state_5.sqlite", "goals_1.sqlite", "logs_2.sqlite"];

/// More time than any step may take.
const HANG: Duration = Duration::from_secs(120);

fn step() -> impl Strategy<Value = Step> {
    let thread = || 0..6_usize;
    prop_oneof![
        (thread(), proptest::option::of("[a-z]{1,12}")).prop_map(|(thread, name)| Step::Rename(thread, name)),
        (thread(), any::<bool>()).prop_map(|(thread, archived)| Step::Archive(thread, archived)),
        (thread(), any::<bool>()).prop_map(|(thread, enabled)| Step::Memory(thread, enabled)),
        (thread(), "[a-z]{1,30}").prop_map(|(thread, objective)| Step::Goal(thread, objective)),
        thread().prop_map(Step::Pause),
        (thread(), 1..100_i64).prop_map(|(thread, tokens)| Step::Account(thread, tokens)),
        thread().prop_map(Step::DropGoal),
        thread().prop_map(Step::Close),
        thread().prop_map(Step::Reopen),
        thread().prop_map(Step::Delete),
        thread().prop_map(Step::Restore),
    ]
}

fn damage() -> impl Strategy<Value = Damage> {
    let database = || 0..DATABASES.len();
    prop_oneof![
        database().prop_map(Damage::Gone),
        database().prop_map(Damage::Emptied),
        (database(), any::<u8>()).prop_map(|(database, share)| Damage::Cut(database, share)),
        (database(), proptest::collection::vec((any::<u32>(), 1..=255_u8), 1..4))
            .prop_map(|(database, bytes)| Damage::Bytes(database, bytes)),
        (database(), any::<u32>(), any::<u8>())
            .prop_map(|(database, page, byte)| Damage::Page(database, page, byte)),
    ]
}

impl Damage {
    fn apply(&self, sqlite_home: &Path) -> Result {
        let (Damage::Gone(database)
        | Damage::Emptied(database)
        | Damage::Cut(database, _)
        | Damage::Bytes(database, _)
        | Damage::Page(database, ..)) = self;
        let path = sqlite_home.join(DATABASES[*database]);
        let Ok(mut bytes) = fs::read(&path) else { return Ok(()) };
        let length = bytes.len();
        if length == 0 {
            return Ok(());
        }
        match self {
            Damage::Gone(_) => {
                for end in ["", "-wal", "-shm"] {
                    let _ = fs::remove_file(format!("{}{end}", path.display()));
                }
                return Ok(());
            }
            Damage::Emptied(_) => bytes.clear(),
            Damage::Cut(_, share) => bytes.truncate(length * usize::from(*share) / 256),
            Damage::Bytes(_, changes) => {
                for (place, change) in changes {
                    let place = *place as usize % length;
                    bytes[place] = bytes[place].wrapping_add(*change);
                }
            }
            Damage::Page(_, page, byte) => {
                let page = *page as usize % (length / 4096).max(1);
                bytes[page * 4096..].iter_mut().take(4096).for_each(|at| *at = *byte);
            }
        }
        Ok(fs::write(path, bytes)?)
    }
}

fn at(second: usize) -> Timestamp {
    Timestamp::from_second(1_795_353_796 + second as i64).expect("it is in this century")
}

/// Decisions of the user on a thread.
type Known = (Option<String>, bool, String, Option<(String, GoalStatus)>, bool, bool);

async fn apply(state: &StateRuntime, ids: &[Uuid], step: &Step, now: Timestamp) {
    // A step that does not fit, such as renaming a deleted thread, is refused.
    let (threads, goals) = (state.threads(), state.thread_goals());
    match step {
        Step::Rename(thread, name) => drop(threads.rename(ids[*thread], name.as_deref(), now).await),
        Step::Archive(thread, true) => drop(threads.archive(ids[*thread], now).await),
        Step::Archive(thread, false) => drop(threads.unarchive(ids[*thread], now).await),
        Step::Memory(thread, enabled) => {
            let mode = if *enabled { MemoryMode::Enabled } else { MemoryMode::Disabled };
            drop(threads.set_memory_mode(ids[*thread], mode).await);
        }
        Step::Goal(thread, objective) => {
            drop(goals.replace(ids[*thread], NewGoal::new(objective), now).await);
        }
        Step::Pause(thread) => {
            let update = GoalUpdate { status: Some(GoalStatus::Paused), ..GoalUpdate::default() };
            drop(goals.update(ids[*thread], update, now).await);
        }
        Step::Account(thread, tokens) => {
            let usage = threadkeep_state_goals::Usage { tokens: *tokens, ..Default::default() };
            drop(goals.account(ids[*thread], usage, now).await);
        }
        Step::DropGoal(thread) => drop(goals.delete(ids[*thread], None).await),
        Step::Close(thread) => drop(state.graph().close_subtree(ids[*thread], now).await),
        Step::Reopen(thread) => drop(state.graph().resume_subtree(ids[*thread], now).await),
        Step::Delete(thread) => drop(state.delete_thread(ids[*thread], now).await),
        Step::Restore(thread) => drop(state.restore_thread(ids[*thread], now).await),
    }
}

async fn known(state: &StateRuntime, ids: &[Uuid]) -> Result<BTreeMap<Uuid, Known>> {
    let mut all = BTreeMap::new();
    let deleted: Vec<Uuid> =
        state.threads().deleted(100).await?.iter().map(|stone| stone.thread_id).collect();
    for id in ids {
        let thread = state.threads().get(*id).await?;
        let goal = state.thread_goals().get(*id).await?.map(|goal| (goal.objective, goal.status));
        let tree = TreeQuery { root: Some(*id), max_depth: 0, ..TreeQuery::default() };
        let tree = state.graph().tree(tree).await.unwrap_or_default();
        let closed = tree.iter().any(|agent| agent.thread_id == *id && agent.lifecycle == Lifecycle::Closed);
        let (name, archived, memory) = thread.map_or((None, false, String::new()), |thread| {
            (thread.name, thread.archived, thread.memory_mode)
        });
        all.insert(*id, (name, archived, memory, goal, closed, deleted.contains(id)));
    }
    Ok(all)
}

async fn open(sqlite_home: &Path) -> Result<StateRuntime> {
    let options = StateOptions::new(sqlite_home).open_options(OpenOptions::new().recover(|_, _| ()));
    Ok(StateRuntime::open(&options).await?)
}

async fn survives(template: &Fixture, steps: &[Step], damages: &[Damage]) -> Result {
    let fixture = template.copied().await?;
    let ids: Vec<Uuid> = fixture.threads().await?.iter().map(|thread| thread.id).take(6).collect();
    for (second, step) in steps.iter().enumerate() {
        apply(&fixture.state, &ids, step, at(second)).await;
        if matches!(step, Step::Restore(_)) {
            fixture.index().await?;
        }
    }
    let before = known(&fixture.state, &ids).await?;
    let sqlite_home: PathBuf = fixture.sqlite_home();
    fixture.state.clone().close().await?;
    for damage in damages {
        damage.apply(&sqlite_home)?;
    }
    // A reader gets an answer or an error.
    let reader = StateOptions::new(&sqlite_home).open_options(OpenOptions::new().read_only(true));
    if let Ok(reader) = tokio::time::timeout(HANG, StateRuntime::open(&reader)).await? {
        let _ = tokio::time::timeout(HANG, known(&reader, &ids)).await?;
        let _ = tokio::time::timeout(HANG, reader.logs().query(&LogQuery::default())).await?;
        let _ = reader.close().await;
    }
    let opened = tokio::time::timeout(HANG, open(&sqlite_home)).await?;
    let state = opened.map_err(|error| format!("{error}, after {damages:?}"))?;
    let mut fixture = fixture;
    fixture.state = state;
    let used = async {
        fixture.index().await?;
        let after = known(&fixture.state, &ids).await?;
        assert_eq!(after, before, "after {damages:?}");
        // The logs begin again if they cannot be read.
        let living = ids.iter().find(|id| !after[*id].5);
        if let Some(id) = living {
            log(&fixture.state, *id, "after the damage").await?;
            let found = logged(&fixture.state, *id).await?;
            assert!(found > 0, "after {damages:?}");
        }
        Result::Ok(())
    };
    tokio::time::timeout(HANG, used).await?
}

#[test]
fn every_decision_survives_any_damage() -> Result {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let template = runtime.block_on(async {
        let fixture = Fixture::bundled().await?;
        fixture.index().await?;
        let threads = fixture.threads().await?;
        for thread in threads.iter().take(6) {
            log(&fixture.state, thread.id, "before the damage").await?;
        }
        fixture.state.clone().close().await?;
        Result::Ok(fixture)
    })?;
    let config = ProptestConfig {
        cases: rounds(),
        max_shrink_iters: 40,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let histories = (proptest::collection::vec(step(), 1..20), proptest::collection::vec(damage(), 1..3));
    TestRunner::new(config).run(&histories, |(steps, damages)| {
        let survived = runtime.block_on(survives(&template, &steps, &damages));
        survived.map_err(|error| TestCaseError::fail(error.to_string()))
    })?;
    Ok(())
}

/// Rounds of the property: few in each test run, and as many as asked for otherwise.
fn rounds() -> u32 {
    std::env::var("THREADKEEP_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(40)
}

const KILLED: &str = "lost::what_was_acknowledged_survives_a_kill_and_the_loss_of_the_databases";

/// The child: gives one thread after another names and goals, and says after each what it did.
async fn edit_for_ever(folder: &Path) -> Result {
    let state = open(folder).await?;
    let id: Uuid = std::env::var("THREADKEEP_TEST_THREAD")?.parse()?;
    for number in 0.. {
        let name = format!("name {number}");
        state.threads().rename(id, Some(&name), at(number)).await?;
        state.thread_goals().replace(id, NewGoal::new(name), at(number)).await?;
        let mut stdout = std::io::stdout();
        writeln!(stdout, "done {number}").and_then(|()| stdout.flush())?;
    }
    Ok(())
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill_and_the_loss_of_the_databases() -> Result {
    if let Some(folder) = std::env::var_os("THREADKEEP_TEST_EDITS") {
        return edit_for_ever(Path::new(&folder)).await;
    }
    let mut fixture = Fixture::bundled().await?;
    fixture.index().await?;
    let ids: Vec<Uuid> = fixture.threads().await?.iter().map(|thread| thread.id).take(2).collect();
    let sqlite_home = fixture.sqlite_home();
    for round in 0..6 {
        fixture.state.clone().close().await?;
        // Two processes, each with its own thread. They are killed after a different number of
        // edits each time.
        let mut children = Vec::new();
        for id in &ids {
            children.push(
                Command::new(std::env::current_exe()?)
                    .args(["--exact", KILLED, "--nocapture", "--test-threads=1"])
                    .env("THREADKEEP_TEST_EDITS", &sqlite_home)
                    .env("THREADKEEP_TEST_THREAD", id.to_string())
                    .stdin(Stdio::null())
                    .stdout(Stdio::piped())
                    .spawn()?,
            );
        }
        let mut acknowledged = Vec::new();
        for child in &mut children {
            let said = BufReader::new(child.stdout.take().ok_or("it has an output")?);
            let done = said.lines().map_while(std::io::Result::ok);
            let last = done.filter_map(|line| line.strip_prefix("done ")?.parse::<u64>().ok());
            acknowledged.push(last.take(2 + 3 * round).last().ok_or("it has done something")?);
            child.kill()?;
            child.wait()?;
        }
        if round % 2 == 1 {
            for database in &DATABASES[..2] {
                Damage::Gone(usize::from(database.starts_with("goals"))).apply(&sqlite_home)?;
            }
        }
        fixture.state = open(&sqlite_home).await?;
        fixture.index().await?;
        for (id, last) in ids.iter().zip(acknowledged) {
            let name = fixture.state.threads().get(*id).await?.and_then(|thread| thread.name);
            let goal = fixture.state.thread_goals().get(*id).await?.map(|goal| goal.objective);
            for text in [name, goal] {
                let number = text.as_deref().and_then(|text| text.strip_prefix("name ")?.parse::<u64>().ok());
                assert!(number.is_some_and(|number| number >= last), "{text:?} is older than {last}");
            }
        }
    }
    Ok(())
}
