//! Secrets do not leave with an export.

use threadkeep_transcript::Secrets;
use threadkeep_transcript::turns::Selection;

use crate::support::{
    Result, Rollout, agent, called, ended, everywhere, item, render, renderers, started, user,
};

/// A key that no program accepts.
fn key() -> String {
    format!("sk-proj-{}", "a1B2c3D4".repeat(6))
}

#[test]
fn no_form_has_a_secret_unless_it_is_asked_for() -> Result {
    for lines in [everywhere(&key()), called(&key())] {
        let rollout = Rollout::of(&lines)?;
        for secrets in [Secrets::Removed, Secrets::Shown] {
            for (form, mut renderer) in renderers(&rollout.chain(), true)? {
                let (text, _) = render(&rollout.chain(), &mut *renderer, secrets, Selection::All)?;
                let found = text.matches("a1B2c3D4").count();
                assert_eq!(found > 0, secrets == Secrets::Shown, "{form} {secrets:?}: {text}");
            }
        }
    }
    Ok(())
}

#[test]
fn a_key_of_several_lines_is_found_in_a_diff() -> Result {
    let body: String = (0..6).map(|_| format!("{}\n", "MIIEvQIBADANBgkq".repeat(4))).collect();
    let begin = format!("-----BEGIN {} KEY-----", "PRIVATE");
    let pem = format!("{begin}\n{body}-----END {} KEY-----\n", "PRIVATE");
    let added: String = pem.lines().map(|line| format!("+{line}\n")).collect();
    let changes = serde_json::json!({
        "/p/a": {"type": "add", "content": pem},
        "/p/u": {"type": "update", "unified_diff": format!("@@ -0,0 +1,8 @@\n{added}")},
    });
    let change = item(serde_json::json!({"type": "FileChange", "changes": changes, "status": "completed"}));
    let rollout = Rollout::of(&[started("a"), user("go"), change, agent("done"), ended("a")])?;
    for (form, mut renderer) in renderers(&rollout.chain(), true)? {
        let (text, _) = render(&rollout.chain(), &mut *renderer, Secrets::Removed, Selection::All)?;
        assert!(!text.contains("MIIEvQIBADANBgkq"), "{form}: {text}");
    }
    Ok(())
}

#[test]
fn a_text_that_was_cut_ends_with_no_half_of_a_key() -> Result {
    let long = format!("{} {}", "word ".repeat(13_100), key());
    let long: String = long.chars().take(64 * 1024 + 20).collect();
    let rollout = Rollout::of(&[started("a"), user(&long), ended("a")])?;
    for (form, mut renderer) in renderers(&rollout.chain(), true)? {
        let (text, _) = render(&rollout.chain(), &mut *renderer, Secrets::Removed, Selection::All)?;
        assert!(!text.contains("sk-"), "{form}");
        let said = text.replace('\n', " ");
        assert!(said.contains("only 65,536 characters"), "{form}");
    }
    Ok(())
}
