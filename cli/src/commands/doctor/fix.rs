//! Repairs of what is Threadkeep's own, after a list of them and a question.

use std::path::Path;

use anstream::adapter::strip_str;
use jiff::Timestamp;
use threadkeep_app::opening::Index;
use threadkeep_app::text::counted;
use threadkeep_app::{Fault, Message, Observer as _, messages};
use threadkeep_doctor::{Fix, Report};

use crate::command::Context;
use crate::commands::repair;
use crate::output::Screen;

/// Makes all repairs that the report asks for, if the user agrees. Returns what was done.
///
/// # Errors
///
/// Fails if there is no terminal to ask on.
pub(super) async fn all(report: &Report, context: &Context<'_>, yes: bool) -> Result<Vec<String>, Fault> {
    let mut fixes = report.fixes();
    // Databases first: the index is in one of them.
    fixes.sort_by_key(|fix| !matches!(fix, Fix::Database(_)));
    if fixes.is_empty() {
        return Ok(Vec::new());
    }
    if !yes && !agree(&fixes, context.screen).await? {
        context.screen.note(&"nothing was changed".into());
        return Ok(Vec::new());
    }
    let mut done = Vec::new();
    for fix in fixes {
        // A repair that fails keeps no other from being made.
        match one(fix, context).await {
            Ok(text) => done.push(text),
            Err(fault) => {
                context
                    .screen
                    .note(&Message::from(format!("cannot {}: ", plan(fix))).append(fault.sentence()));
            }
        }
    }
    Ok(done)
}

/// Lists the repairs and asks.
async fn agree(fixes: &[&Fix], screen: &Screen) -> Result<bool, Fault> {
    let list: Vec<String> = fixes.iter().map(|fix| format!("  {}", plan(fix))).collect();
    let question = format!("These repairs will be made:\n{}\nGo on?", list.join("\n"));
    screen.confirm(&question, "not fixed", "fix").await
}

/// Says what a repair will do.
fn plan(fix: &Fix) -> String {
    match fix {
        Fix::Database(label) => format!("check {label}, and make it again if it is damaged"),
        Fix::Index => "index the rollouts that changed".to_owned(),
        Fix::MemoryLock => "release the memory lock of a dead process".to_owned(),
        Fix::Permissions(paths) => {
            format!("keep other users out of {}", counted(paths.len() as u64, "file"))
        }
    }
}

/// Makes one repair, and says what was done.
async fn one(fix: &Fix, Context { dirs, screen, .. }: &Context<'_>) -> Result<String, Fault> {
    match fix {
        Fix::Database(label) => {
            let outcome = repair::repair(dirs, |wanted| wanted == *label, screen).await?;
            let lines = outcome.lines().map(|(label, text)| format!("{label}: {}", strip_str(&text)));
            Ok(lines.collect::<Vec<_>>().join("; "))
        }
        Fix::Index => {
            repair::index(dirs, screen).await?;
            Ok("the index is up to date".to_owned())
        }
        Fix::MemoryLock => {
            let index = Index::for_writing(dirs).await?;
            let released = index.state.memories().release_stale_lock(Timestamp::now()).await;
            index.close().await?;
            Ok(match released.map_err(|error| messages::of_boxed(&*error))? {
                Some(owner) => format!("the memory lock of {owner} was released"),
                None => "the memory lock was released meanwhile".to_owned(),
            })
        }
        Fix::Permissions(paths) => {
            paths.iter().try_for_each(|path| close_to_others(path))?;
            Ok(format!("only you may read {} now", counted(paths.len() as u64, "file")))
        }
    }
}

/// Takes all permissions from other users.
fn close_to_others(path: &Path) -> Result<(), Fault> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let close = |path: &Path| {
            let mode = path.symlink_metadata()?.permissions().mode();
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode & 0o700))
        };
        close(path).map_err(|error: std::io::Error| {
            let why = messages::of_io(&error);
            Fault::without_hint(format!("cannot change the permissions of {}: {why}", path.display()))
        })?;
    }
    let _ = path;
    Ok(())
}
