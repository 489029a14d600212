//! Consolidated memories: their folder, edits of it, and programs as agents.

use std::fs;

use super::fixture::Result;
use super::memories::{ID, with};

#[test]
fn memories_are_consolidated_edited_forgotten_and_cleared() -> Result {
    let fixture = with("")?;
    let root = fixture.home().join("memories");
    let read = |name: &str| fs::read_to_string(root.join(name)).unwrap_or_default();
    let ending = |arguments: &[&str]| {
        let report = fixture.json(arguments)?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(report["consolidation"]["ending"].clone())
    };
    assert_eq!(ending(&["memories", "run"])?, "consolidated");
    let (summary, id) = (read("memory_summary.md"), "[01a2036c-d");
    assert!(summary.contains("## /tmp/project/plain") && summary.contains(id), "{summary}");
    assert!(fixture.run(&["memories", "inject"])?.stdout.contains("Past threads"));
    assert_eq!(ending(&["memories", "run"])?, "cooling_down");
    assert_eq!(ending(&["memories", "run", "--phase", "2", "--force"])?, "unchanged");

    fs::write(root.join("memory_summary.md"), format!("Call me Kim.\n\n{summary}"))?;
    fs::remove_file(root.join("raw_memories.md"))?;
    let diff = fixture.json(&["memories", "diff"])?;
    assert_eq!(
        diff["changes"][0],
        serde_json::json!({ "path": "memory_summary.md", "kind": "modified", "from": null })
    );
    assert!(diff["diff"].as_str().unwrap_or_default().contains("+Call me Kim."));
    assert_eq!(fixture.json(&["memories", "rebuild"])?["written"], serde_json::json!(["raw_memories.md"]));
    assert_eq!(ending(&["memories", "run", "--force"])?, "consolidated");

    fs::write(root.join("memory_summary.md"), "Mine. ".repeat(2_000))?;
    let said = fixture.run(&["memories", "run", "--force", "--phase", "2"])?;
    insta::assert_snapshot!(said.all(), @r"
    exit 0
    --- stdout
    consolidated: 13 memories; no file changed
    memory_summary.md has 12,000 bytes, more than `memories.summary_bytes`: your own text leaves no room for more
    ");
    assert_eq!(read("memory_summary.md"), "Mine. ".repeat(2_000));
    fs::write(root.join("memory_summary.md"), format!("Call me Kim.\n\n{summary}"))?;
    fixture.json(&["memories", "run", "--force", "--phase", "2"])?;

    assert_eq!(fixture.json(&["memories", "forget", ID])?["forgotten"], true);
    assert!(
        !read("raw_memories.md").contains(ID) && !root.join(format!("rollout_summaries/{ID}.md")).exists()
    );
    assert_eq!(ending(&["memories", "run"])?, "consolidated", "a forgotten thread is due at once");
    let summary = read("memory_summary.md");
    assert!(summary.starts_with("Call me Kim.") && !summary.contains(id), "{summary}");

    let other = "01a20371-2e88-7042-9271-7b3c9ce3f36d";
    assert!(read("raw_memories.md").contains(other));
    fixture.json(&["threads", "memory", other, "disabled"])?;
    let file = root.join(format!("rollout_summaries/{other}.md"));
    assert!(!read("raw_memories.md").contains(other) && !file.exists(), "what is disabled goes at once");

    assert_eq!(fixture.json(&["--quiet", "memories", "clear", "--yes"])?["memories"], 11);
    assert_eq!(read("memory_summary.md").trim(), "Call me Kim.");
    assert_eq!(fs::read_dir(root.join("rollout_summaries"))?.count(), 0);
    Ok(())
}

#[test]
fn a_folder_that_cannot_be_used_is_refused_before_anything() -> Result {
    let fixture = with("")?;
    fs::write(fixture.path().join("file"), "")?;
    insta::assert_snapshot!(fixture.run(&["memories", "--memories-root", "file", "run"])?.all(), @r"
    exit 2
    --- stderr
    error: cannot use [tmp]/file as a folder: it is a file or a link
      hint: choose another folder with --memories-root DIR
    ");
    let below = fixture.run(&["memories", "--memories-root", "file/below", "run"])?;
    assert_eq!(below.code, Some(2), "{}", below.all());
    assert!(below.stderr.contains("hint: choose another folder with --memories-root DIR"), "{}", below.all());
    assert_eq!(fixture.json(&["memories", "run"])?["consolidation"]["ending"], "consolidated");
    assert!(fixture.home().join("memories/memory_summary.md").exists(), "the folder is still the usual one");
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_program_consolidates_or_its_failure_is_shown() -> Result {
    let agent = |script: &str| {
        with(&format!(
            "agent_command = [\"/bin/sh\", \"-c\", '{script}', \"agent\", \"{{root}}\", \"{{prompt_file}}\"]\n"
        ))
    };
    let fixture = agent("cat \"$2\" > prompt.md; echo remembered > \"$1/memory_summary.md\"")?;
    assert_eq!(fixture.json(&["memories", "run"])?["consolidation"]["ending"], "consolidated");
    assert_eq!(fixture.run(&["memories", "inject"])?.stdout, "remembered\n");
    assert!(fixture.home().join("memories/prompt.md").exists());
    let fixture = agent("echo no memory today >&2; exit 3")?;
    let said = fixture.run(&["memories", "run"])?;
    assert_eq!(said.code, Some(1), "{}", said.all());
    assert!(said.stdout.contains("exited with 3: no memory today"), "{}", said.stdout);
    let status = fixture.json(&["memories", "status"])?;
    assert_eq!(status["consolidation"]["failed_step"], "agent");
    let logged = fixture.rows(&["--search", "no memory today"])?;
    assert!(logged.iter().any(|row| row.to_string().contains("the memory agent")), "{logged:?}");
    Ok(())
}
