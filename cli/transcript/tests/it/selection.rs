//! Selection of turns, and of how much of them is shown.

use serde_json::json;
use threadkeep_rollout::Chain;
use threadkeep_transcript::Secrets;
use threadkeep_transcript::turns::{self, Selection};

use crate::support::{Result, Rollout, agent, ended, event, item, render, renderers, started, user};

fn three_turns() -> Vec<serde_json::Value> {
    let turn =
        |id: &str| [started(id), user(&format!("ask {id}")), agent(&format!("answer {id}")), ended(id)];
    [turn("a"), turn("b"), turn("c")].concat()
}

/// Returns the words of the turns that a selection gives.
fn asked(rollout: &Rollout, selection: Selection) -> Result<(Vec<String>, Option<u64>)> {
    let [(_, mut text), ..] = renderers(&rollout.chain(), false)?;
    let (text, reading) = render(&rollout.chain(), &mut *text, Secrets::Shown, selection)?;
    let plain = anstream::adapter::strip_str(&text).to_string();
    let words = plain.lines().filter_map(|line| line.strip_prefix("› ask ")).map(str::to_owned);
    Ok((words.collect(), reading.total))
}

#[test]
fn turns_are_selected_by_their_numbers() -> Result {
    let rollout = Rollout::of(&three_turns())?;
    let all = ["a", "b", "c"].map(str::to_owned).to_vec();
    assert_eq!(asked(&rollout, Selection::All)?, (all.clone(), Some(3)));
    assert_eq!(asked(&rollout, Selection::One(2))?, (vec!["b".to_owned()], None));
    assert_eq!(asked(&rollout, Selection::One(4))?, (vec![], Some(3)));
    assert_eq!(asked(&rollout, Selection::Last(2))?, (all[1..].to_vec(), Some(3)));
    assert_eq!(asked(&rollout, Selection::Last(9))?, (all, Some(3)));
    Ok(())
}

#[test]
fn turns_that_were_taken_back_do_not_count() -> Result {
    let mut lines = three_turns();
    lines.push(event(json!({"type": "thread_rolled_back", "num_turns": 2})));
    lines.extend([started("d"), user("ask d"), ended("d")]);
    let rollout = Rollout::of(&lines)?;
    assert_eq!(asked(&rollout, Selection::All)?.0, ["a", "d"]);
    assert_eq!(asked(&rollout, Selection::One(2))?.0, ["d"]);
    let listed = turns::list(&rollout.chain())?;
    assert_eq!(
        listed.iter().map(|turn| (turn.number, &*turn.words)).collect::<Vec<_>>(),
        [(1, "ask a"), (2, "ask d")]
    );
    Ok(())
}

#[test]
fn long_output_is_folded_unless_all_is_wanted() -> Result {
    let output: String = (1..=50).map(|n| format!("\u{1b}[32mline {n}\u{1b}[0m\r\n")).collect();
    let command = item(json!({"type": "CommandExecution", "command": ["make"], "status": "failed",
        "aggregated_output": format!("10%\r50%\r100%\n{output}"), "exit_code": 2, "duration": {"secs": 65, "nanos": 0}}));
    let rollout = Rollout::of(&[started("a"), user("go"), command])?;
    let [(_, mut folded), ..] = renderers(&rollout.chain(), false)?;
    let (text, _) = render(&rollout.chain(), &mut *folded, Secrets::Shown, Selection::All)?;
    insta::assert_snapshot!(anstream::adapter::strip_str(&text).to_string(), @r"

    ── Turn 1 · 2026-11-29 08:00:00 · interrupted ──────────────────────────────────

    › go

      $ make  exit 2 · 1 min 5 s
        100%
        line 1
        line 2
        line 3
        line 4
        line 5
        line 6
        line 7
        line 8
        line 9
        … 35 lines hidden: --full shows all
        line 45
        line 46
        line 47
        line 48
        line 49
        line 50
    ");
    let [(_, mut whole), ..] = renderers(&rollout.chain(), true)?;
    let (text, _) = render(&rollout.chain(), &mut *whole, Secrets::Shown, Selection::All)?;
    assert!(text.contains("line 30") && !text.contains("hidden"), "{text}");
    Ok(())
}

#[test]
fn an_empty_conversation_says_so() -> Result {
    let rollout = Rollout::of(&[])?;
    for (form, mut renderer) in renderers(&rollout.chain(), false)? {
        let (text, _) = render(&rollout.chain(), &mut *renderer, Secrets::Shown, Selection::All)?;
        let said = if form == "json" { "\"turns_total\":0" } else { "othing was said yet" };
        assert!(text.contains(said), "{form}: {text}");
    }
    Ok(())
}

#[test]
fn a_compressed_rollout_is_read_alike() -> Result {
    let rollout = Rollout::of(&three_turns())?;
    let compressed = rollout.path().with_extension("jsonl.zst");
    std::fs::write(&compressed, zstd::encode_all(&*std::fs::read(rollout.path())?, 1)?)?;
    let chain = Chain::of_file(&compressed, true);
    for ((form, mut plain), (_, mut other)) in
        renderers(&rollout.chain(), false)?.into_iter().zip(renderers(&chain, false)?)
    {
        let (wanted, _) = render(&rollout.chain(), &mut *plain, Secrets::Removed, Selection::Last(2))?;
        let (got, _) = render(&chain, &mut *other, Secrets::Removed, Selection::Last(2))?;
        assert_eq!(got, wanted, "{form}");
    }
    Ok(())
}
