//! Claude Code.

use threadkeep_rollout::TurnItemKind;

use crate::facts::{Example, Result, first_form};

#[test]
fn every_fact_is_read() -> Result {
    Example::read("claude", "home")?.each(first_form)
}

#[test]
fn commands_have_their_results() -> Result {
    let example = Example::read("claude", "home")?;
    let turns = example.sessions.values().flat_map(|session| &session.turns);
    let outputs: Vec<_> = turns
        .flat_map(|turn| &turn.items)
        .filter_map(|item| match &item.kind {
            TurnItemKind::CommandExecution { command, status, output, .. } => {
                Some((command.join(" "), status.as_deref(), output.as_deref()))
            }
            _ => None,
        })
        .collect();
    assert!(outputs.contains(&("ls".to_owned(), Some("completed"), Some("a.txt"))), "{outputs:?}");
    assert!(outputs.iter().any(|(_, status, _)| *status == Some("failed")), "{outputs:?}");
    assert!(outputs.iter().any(|(_, status, _)| status.is_none()), "a killed one has none: {outputs:?}");
    Ok(())
}
