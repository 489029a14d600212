//! The file for an agent: complete, bounded and readable.

use super::{TestResult, Trial};

#[test]
fn it_lists_the_changes_and_their_text() -> TestResult {
    let trial = Trial::with(&[("old.md", "the same\n"), ("edited.md", "a\n")])?;
    trial.remove("old.md")?;
    trial.write("new.md", "the same\n")?;
    trial.write("edited.md", "b\n")?;
    trial.write(".GIT/x", "")?;
    let markdown = String::from_utf8(trial.workspace.diff()?.to_markdown(1 << 20))?;
    insta::assert_snapshot!(markdown, @r#"
    # Changes since the last consolidation

    ## Status

    - M edited.md
    - R old.md -> new.md

    ## Left out

    - .GIT: git refuses the name

    ## Diff

    ```diff
    diff --git a/edited.md b/edited.md
    index 7898192..6178079 100644
    --- a/edited.md
    +++ b/edited.md
    @@ -1 +1 @@
    -a
    +b
    diff --git a/old.md b/new.md
    similarity index 100%
    rename from old.md
    rename to new.md
    ```
    "#);
    Ok(())
}

#[test]
fn without_changes_it_says_so() -> TestResult {
    let trial = Trial::new()?;
    let markdown = String::from_utf8(trial.workspace.diff()?.to_markdown(1 << 20))?;
    assert!(markdown.contains("No changes.\n"));
    Ok(())
}

#[test]
fn every_limit_is_kept_and_no_character_is_cut() -> TestResult {
    let trial = Trial::new()?;
    trial.write("ä.md", "ß→𝄞 ".repeat(40))?;
    trial.write("ö.md", "x\n")?;
    let diff = trial.workspace.diff()?;
    let whole = diff.to_markdown(usize::MAX);
    for limit in 0..=whole.len() {
        let cut = diff.to_markdown(limit);
        assert!(cut.len() <= limit, "{} bytes at a limit of {limit}", cut.len());
        let text = String::from_utf8(cut)?;
        if limit == whole.len() {
            assert_eq!(text.as_bytes(), whole);
        } else if limit > 20 {
            assert!(text.ends_with("(The rest is cut.)\n"), "{limit}: {text}");
        }
    }
    Ok(())
}

#[test]
fn a_text_over_four_mebibytes_is_cut() -> TestResult {
    let trial = Trial::new()?;
    trial.write("long.md", "many lines\n".repeat(500_000))?;
    let markdown = trial.workspace.diff()?.to_markdown(usize::MAX);
    assert!(markdown.len() <= 4 << 20 && markdown.len() > (4 << 20) - 100);
    assert!(markdown.ends_with(b"(The rest is cut.)\n"));
    Ok(())
}

#[test]
fn content_cannot_close_the_fence() -> TestResult {
    let trial = Trial::new()?;
    trial.write("a.md", "```\n````\ntext\n")?;
    let markdown = String::from_utf8(trial.workspace.diff()?.to_markdown(1 << 20))?;
    assert!(markdown.contains("\n`````diff\n") && markdown.ends_with("\n`````\n"), "{markdown}");
    Ok(())
}
