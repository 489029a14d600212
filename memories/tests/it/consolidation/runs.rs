//! Whole runs.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use threadkeep_memories::consolidation::{ConsolidationError, Ending};
use threadkeep_memories::in_memory::ScriptedAgent;
use threadkeep_memories::{
    AgentError, Clock as _, ConsolidationLock, NotNow, StageOneOutputs, Step, Workspace,
};

use super::fixture::{Fixture, Result, hours, id, no_agent, summary, write};

#[tokio::test]
async fn a_first_run_makes_everything_and_a_second_finds_nothing() -> Result {
    let fixture = Fixture::new()?;
    fixture.remember(1, "use make").await?;
    fixture.remember(2, "tests need docker").await?;
    let (seen, steps) = (Arc::new(Mutex::new(Vec::new())), Mutex::new(Vec::new()));
    let work = {
        let seen = Arc::clone(&seen);
        ScriptedAgent::new(move |root, task| {
            let diff = fs::read_to_string(root.join("phase2_workspace_diff.md")).unwrap_or_default();
            let prompt = fs::read_to_string(task.prompt_file).unwrap_or_default();
            seen.lock().expect("one thread").extend([diff, prompt]);
            write(root, "memory_summary.md", "# Memory\n- use make, hunter2\n")?;
            write(root, "notes.md", "more\n")
        })
    };
    let engine = fixture.engine(work, fixture.options());
    let report =
        engine.run(std::future::pending(), |step| steps.lock().expect("one thread").push(step)).await?;
    assert_eq!((&report.ending, report.memories), (&Ending::Consolidated, 2));
    let seen = seen.lock().expect("one thread").clone();
    assert!(seen[0].contains(&format!("A rollout_summaries/{}.md", id(1))), "{}", seen[0]);
    assert!(seen[0].contains("+- tests need docker") && seen[1].contains("memory_summary.md"), "{seen:?}");
    let order =
        [Step::Baseline, Step::Select, Step::Sync, Step::Diff, Step::Agent, Step::Publish, Step::Commit];
    assert_eq!(*steps.lock().expect("one thread"), order);

    assert_eq!(fixture.read("memory_summary.md")?, "# Memory\n- use make, [redacted]\n");
    assert_eq!(fixture.read("notes.md")?, "more\n");
    assert!(!fixture.root().join("phase2_workspace_diff.md").exists());
    let workspace = Workspace::open(&fixture.root())?;
    assert!(workspace.diff()?.is_empty(), "the baseline is the workspace");
    let kept: Vec<String> = fixture.store.kept_files().await?.into_iter().map(|file| file.path).collect();
    assert_eq!(kept, ["memory_summary.md", "notes.md"]);
    let state = ConsolidationLock::state(&fixture.store).await?;
    assert_eq!((state.holder, state.failure), (None, None));

    let cooling = fixture.engine(ScriptedAgent::new(no_agent), fixture.options());
    let until = hours(fixture.clock.now(), 6);
    assert_eq!(
        cooling.run(std::future::pending(), |_| {}).await?.ending,
        Ending::NotNow(NotNow::CoolingDown { until })
    );
    fixture.clock.advance(Duration::from_secs(6 * 3_600));
    assert_eq!(cooling.run(std::future::pending(), |_| {}).await?.ending, Ending::Unchanged);
    Ok(())
}

#[tokio::test]
async fn a_users_edit_is_given_to_the_agent() -> Result {
    let fixture = Fixture::new()?;
    fixture.remember(1, "use make").await?;
    fixture.run(summary("first\n")).await?;
    fixture.write("memory_summary.md", "first\nI prefer just\n")?;
    fixture.write("extensions/tickets/instructions.md", "remember ticket numbers\n")?;
    fixture.write(".gitignore", "*\n")?;
    let seen = Arc::new(Mutex::new(String::new()));
    let report = fixture
        .run({
            let seen = Arc::clone(&seen);
            move |root, _| {
                *seen.lock().expect("one thread") =
                    fs::read_to_string(root.join("phase2_workspace_diff.md")).unwrap_or_default();
                Ok(())
            }
        })
        .await?;
    assert_eq!(report.ending, Ending::Consolidated);
    let seen = seen.lock().expect("one thread").clone();
    for line in
        ["+I prefer just", "M memory_summary.md", "A extensions/tickets/instructions.md", "A .gitignore"]
    {
        assert!(seen.contains(line), "{line}: {seen}");
    }
    assert_eq!(fixture.run(no_agent).await?.ending, Ending::Unchanged);
    Ok(())
}

#[tokio::test]
async fn an_edit_made_while_the_agent_runs_is_kept_for_the_next_run() -> Result {
    let fixture = Fixture::new()?;
    fixture.remember(1, "use make").await?;
    fixture.write("mine.md", "one\n")?;
    let root = fixture.root();
    let report = fixture
        .run(move |staged, _| {
            // The user edits what the agent edits too, something else, and adds a file.
            write(&root, "mine.md", "two\n")?;
            write(&root, "new.md", "new\n")?;
            write(staged, "mine.md", "the agent's\n")?;
            write(staged, "memory_summary.md", "summary\n")
        })
        .await?;
    assert_eq!(report.kept_for_next_run, [std::path::PathBuf::from("mine.md")]);
    assert_eq!((fixture.read("mine.md")?, fixture.read("new.md")?), ("two\n".into(), "new\n".into()));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let report = fixture.run({
        let seen = Arc::clone(&seen);
        move |root, _| {
            seen.lock()
                .expect("one thread")
                .push(fs::read_to_string(root.join("phase2_workspace_diff.md")).unwrap_or_default());
            Ok(())
        }
    });
    assert_eq!(report.await?.ending, Ending::Consolidated);
    let seen = seen.lock().expect("one thread").join("");
    assert!(seen.contains("-the agent's\n+two") && seen.contains("A new.md"), "{seen}");
    assert_eq!((fixture.read("mine.md")?, fixture.read("new.md")?), ("two\n".into(), "new\n".into()));
    assert_eq!(fixture.run(no_agent).await?.ending, Ending::Unchanged);
    Ok(())
}

#[tokio::test]
async fn a_result_that_breaks_the_rules_changes_nothing() -> Result {
    let fixture = Fixture::new()?;
    fixture.remember(1, "use make").await?;
    fixture.run(summary("good\n")).await?;
    fixture.remember(1, "use just").await?;
    let long = "x".repeat(10_001);
    for (text, reason) in [
        (Some(long.as_str()), "memory_summary.md has 10001 bytes; 10000 are allowed"),
        (Some(" \n"), "memory_summary.md is empty"),
        (None, "the agent left no file memory_summary.md"),
    ] {
        let text = text.map(str::to_owned);
        let failed = fixture
            .run(move |root, _| match &text {
                Some(text) => write(root, "memory_summary.md", text),
                None => fs::remove_file(root.join("memory_summary.md"))
                    .map_err(|error| AgentError::Failed { reason: error.to_string() }),
            })
            .await;
        let Err(ConsolidationError::Step { step: Step::Publish, reason: stored, .. }) = failed else {
            return Err(format!("{failed:?}").into());
        };
        assert_eq!(stored, reason);
        assert_eq!(fixture.read("memory_summary.md")?, "good\n");
        assert!(!fixture.root().join("phase2_workspace_diff.md").exists());
    }
    let state = ConsolidationLock::state(&fixture.store).await?;
    assert_eq!(state.failure, Some(("publish".into(), "the agent left no file memory_summary.md".into())));
    // Nothing of the failed runs is lost: the next agent is given the same change.
    let engine = fixture.engine(ScriptedAgent::new(summary("better\n")), fixture.options());
    let until = hours(fixture.clock.now(), 1);
    assert_eq!(
        engine.run(std::future::pending(), |_| {}).await?.ending,
        Ending::NotNow(NotNow::Waiting { until })
    );
    assert_eq!(fixture.run(summary("better\n")).await?.ending, Ending::Consolidated);
    assert_eq!(fixture.read("memory_summary.md")?, "better\n");
    Ok(())
}

#[tokio::test]
async fn a_users_text_above_the_limit_stays_and_is_named() -> Result {
    let fixture = Fixture::new()?;
    fixture.remember(1, "use make").await?;
    assert_eq!(fixture.run(summary("first\n")).await?.oversized_summary, None);
    let own = "mine ".repeat(3_000);
    fixture.write("memory_summary.md", &own)?;
    let longer = fixture.run(summary(&format!("{own}and more"))).await;
    let Err(ConsolidationError::Step { step: Step::Publish, reason, .. }) = longer else {
        return Err(format!("{longer:?}").into());
    };
    assert_eq!(reason, "memory_summary.md has 15008 bytes; 15000 are allowed");
    let report = fixture.run(|_, _| Ok(())).await?;
    assert_eq!((report.ending, report.oversized_summary), (Ending::Consolidated, Some(15_000)));
    assert_eq!(fixture.read("memory_summary.md")?, own);
    Ok(())
}

#[tokio::test]
async fn a_deleted_thread_is_forgotten_at_once_and_by_the_next_agent() -> Result {
    let fixture = Fixture::new()?;
    fixture.remember(1, "use make").await?;
    fixture.remember(2, "ZEBRA").await?;
    fixture.run(summary("make, ZEBRA\n")).await?;
    fixture.store.delete_thread(id(2));
    let engine = fixture.engine(
        ScriptedAgent::new(|root, task| {
            assert_eq!(task.forgotten, [id(2)]);
            let prompt = fs::read_to_string(task.prompt_file).unwrap_or_default();
            assert!(prompt.contains(&id(2).to_string()), "{prompt}");
            write(root, "memory_summary.md", "make\n")
        }),
        fixture.options(),
    );
    // Neither the cool-down nor an unchanged workspace keeps it from being forgotten.
    let report = engine.run(std::future::pending(), |_| {}).await?;
    assert_eq!(report.ending, Ending::Consolidated);
    for (path, text) in fixture.files()? {
        assert!(!text.contains("ZEBRA"), "{path}");
    }
    assert!(ConsolidationLock::state(&fixture.store).await?.forgotten.is_empty());
    Ok(())
}

#[tokio::test]
async fn old_resources_go_and_impossible_names_are_left_out() -> Result {
    let fixture = Fixture::new()?;
    fixture.remember(1, "use make").await?;
    for path in ["instructions.md", "resources/old.md", "resources/new.md", "git~1"] {
        fixture.write(&format!("extensions/tickets/{path}"), "text\n")?;
    }
    let old = fs::File::open(fixture.root().join("extensions/tickets/resources/old.md"))?;
    old.set_modified(std::time::SystemTime::now() - Duration::from_secs(31 * 24 * 3_600))?;
    let report = fixture.run(summary("first\n")).await?;
    assert_eq!(report.ending, Ending::Consolidated);
    assert_eq!(report.pruned_resources, ["extensions/tickets/resources/old.md"]);
    let refused: Vec<_> = report.refused.iter().map(|refused| refused.path.display().to_string()).collect();
    assert_eq!(refused, ["extensions/tickets/git~1"]);
    assert!(fixture.root().join("extensions/tickets/git~1").exists());
    assert!(fixture.root().join("extensions/tickets/resources/new.md").exists());
    assert_eq!(fixture.run(no_agent).await?.ending, Ending::Unchanged);
    Ok(())
}

#[tokio::test]
async fn an_older_layout_is_copied_before_the_first_run() -> Result {
    let fixture = Fixture::new()?;
    fixture.write("user/memory/preferences.md", "tabs\n")?;
    let mut options = fixture.options();
    options.legacy = Some(fixture.root().join("user/memory"));
    let engine = fixture.engine(ScriptedAgent::new(summary("tabs\n")), options);
    let report = engine.run(std::future::pending(), |_| {}).await?;
    assert_eq!(report.ending, Ending::Consolidated);
    assert_eq!(fixture.read("preferences.md")?, "tabs\n");
    assert_eq!(fixture.read("user/memory/preferences.md")?, "tabs\n");
    Ok(())
}

#[tokio::test]
async fn a_baseline_of_another_program_is_not_touched() -> Result {
    let fixture = Fixture::new()?;
    fixture.write(".git/HEAD", "ref: refs/heads/main\n")?;
    let failed = fixture.run(no_agent).await;
    let Err(ConsolidationError::Step { step: Step::Baseline, .. }) = failed else {
        return Err(format!("{failed:?}").into());
    };
    assert_eq!(fixture.read(".git/HEAD")?, "ref: refs/heads/main\n");
    assert!(!fixture.root().join("raw_memories.md").exists());
    Ok(())
}
