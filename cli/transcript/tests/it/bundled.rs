//! Transcripts of the bundled rollouts.

use threadkeep_rollout::{AgentHome, Chain};
use threadkeep_transcript::Secrets;
use threadkeep_transcript::turns::{self, Selection};

use crate::support::{Result, examples, render, renderers};

/// Renders every rollout of a home; those of one thread as one.
fn all_of(home: &str, name: &str) -> Result<String> {
    let home = AgentHome::open(examples(home))?;
    let mut all = String::new();
    for file in home.discover().files {
        let chain = Chain::resolve(&home, &file, |_| true)?;
        for (form, mut renderer) in renderers(&chain, false)? {
            if form == name {
                let (text, _) = render(&chain, &mut *renderer, Secrets::Removed, Selection::All)?;
                let text = anstream::adapter::strip_str(&text).to_string();
                all.push_str(&format!("==== {}\n{text}", &file.path[file.path.len() - 18..]));
            }
        }
    }
    Ok(all)
}

#[test]
fn text_of_every_version() -> Result {
    for home in ["home", "home-0.171", "home-tools"] {
        insta::assert_snapshot!(format!("text-{home}"), all_of(home, "text")?);
    }
    Ok(())
}

#[test]
fn other_forms_have_every_tool() -> Result {
    for form in ["markdown", "json", "html"] {
        insta::assert_snapshot!(format!("{form}-home-tools"), all_of("home-tools", form)?);
    }
    Ok(())
}

#[test]
fn a_fork_shows_what_it_inherited() -> Result {
    let home = AgentHome::open(examples("home-0.171"))?;
    let mut shown = Vec::new();
    for file in home.discover().files {
        let chain = Chain::resolve(&home, &file, |_| true)?;
        let listed = turns::list(&chain)?;
        let own = listed.iter().filter(|turn| !turn.inherited).count();
        if own < listed.len() {
            let mut forms = renderers(&chain, false)?;
            for (form, renderer) in &mut forms {
                let (text, _) = render(&chain, &mut **renderer, Secrets::Removed, Selection::All)?;
                let marks = text.matches("inherited").count();
                assert!(marks >= listed.len() - own, "{form}: {text}");
            }
            shown.push((own, listed.len()));
        }
    }
    assert!(!shown.is_empty(), "the home has forks");
    Ok(())
}
