//! `threads export`: a conversation in one file.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::text::{bytes, clean};
use threadkeep_app::time::Clock;
use threadkeep_app::{Fault, messages, pages, protected, whole_file};
use threadkeep_transcript::render::html::Html;
use threadkeep_transcript::render::markdown::Markdown;
use threadkeep_transcript::turns::{self, Selection};
use threadkeep_transcript::{Render, Secrets};
use uuid::Uuid;

use super::conversation::Conversation;
use crate::args::{ExportArgs, ExportFormat};
use crate::command::{Answered, Context, ForHomes, Run};
use crate::commands::homes;
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Export<'a>(pub(super) &'a ExportArgs);

/// An export that was printed or written.
struct Exported {
    id: Uuid,
    format: &'static str,
    redacted: bool,
    /// The file and its size.
    file: Option<(PathBuf, u64)>,
    /// The text itself, for a program that asked for no file.
    content: Option<String>,
}

#[async_trait(?Send)]
impl Run for Export<'_> {
    fn for_homes(&self) -> ForHomes {
        ForHomes::All
    }

    async fn run(&self, context: &Context<'_>) -> Answered {
        let ExportArgs { id, no_refresh, unredacted, force, .. } = self.0;
        let output = self.file();
        if let Some(path) = output {
            protected::check(path, &homes::all_dirs(context)?)?;
        }
        if let Some(path) = output.filter(|path| !force && path.symlink_metadata().is_ok()) {
            return Err(exists(path));
        }
        if let Some(path) = output {
            pages::is_replaceable(path).map_err(|error| unwritable(path, &error))?;
        }
        let secrets = if *unredacted { Secrets::Shown } else { Secrets::Removed };
        let find = async |context: &Context<'_>| {
            Conversation::find(context, id, *no_refresh, Selection::All, secrets).await
        };
        let conversation = homes::one_of(context, find).await?;
        let clock = Clock::system();
        let (mut renderer, format): (Box<dyn Render>, _) = match self.format() {
            ExportFormat::Markdown => (Box::new(Markdown { full: true, clock }), "markdown"),
            ExportFormat::Html => {
                let mut listed =
                    turns::list(&conversation.chain).map_err(|error| conversation.unreadable(&error))?;
                listed.iter_mut().for_each(|turn| turn.words = secrets.text(std::mem::take(&mut turn.words)));
                (Box::new(Html { turns: listed, clock }), "html")
            }
        };
        let mut exported =
            Exported { id: conversation.thread.id, format, redacted: !unredacted, file: None, content: None };
        match output {
            Some(path) => {
                let size = write(path, *force, &conversation, &mut *renderer)?;
                exported.file = Some((path.to_owned(), size));
            }
            None if context.screen.json => {
                let mut content = String::new();
                conversation.render(&mut *renderer, |text| {
                    content.push_str(text);
                    Ok(true)
                })?;
                exported.content = Some(content);
            }
            None => {
                conversation.render(&mut *renderer, |text| context.screen.part(text))?;
            }
        }
        Ok(Box::new(exported))
    }
}

impl Export<'_> {
    /// Returns the file to write. `-` is the standard output, as without a file.
    fn file(&self) -> Option<&Path> {
        self.0.output.as_deref().filter(|path| *path != Path::new("-"))
    }

    fn format(&self) -> ExportFormat {
        let ending =
            self.0.output.as_ref().and_then(|path| path.extension()).map(std::ffi::OsStr::to_ascii_lowercase);
        let is_page = ending.is_some_and(|ending| ending == "html" || ending == "htm");
        self.0.format.unwrap_or(if is_page { ExportFormat::Html } else { ExportFormat::Markdown })
    }
}

/// Writes a file that only this user may read. Returns its size in bytes.
fn write(
    path: &Path,
    force: bool,
    conversation: &Conversation,
    renderer: &mut dyn Render,
) -> Result<u64, Fault> {
    let failed = |error: io::Error| unwritable(path, &error);
    whole_file::write(path, force, failed, |file| {
        let mut out = io::BufWriter::new(file);
        conversation
            .render(renderer, |text| out.write_all(text.as_bytes()).map(|()| true).map_err(failed))?;
        out.flush().map_err(failed)
    })
}

fn exists(path: &Path) -> Fault {
    Fault::new(format!("{} exists", path.display()), "choose another name, or replace it with --force")
}

fn unwritable(path: &Path, error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => {
            let why = format!("cannot write {}: {}", path.display(), messages::of_io(error));
            Fault::new(why, "choose another place with --output FILE")
        }
    }
    .because(error)
}

impl Answer for Exported {
    fn json(&self) -> Value {
        let mut document = json!({
            "thread_id": self.id,
            "format": self.format,
            "redacted": self.redacted,
            "path": self.file.as_ref().map(|(path, _)| path.display().to_string()),
            "size": self.file.as_ref().map(|(_, size)| size),
        });
        if let Some(content) = &self.content {
            document["content"] = content.as_str().into();
        }
        document
    }

    fn text(&self, screen: &Screen) -> String {
        let Some((path, size)) = &self.file else { return String::new() };
        let path = clean(&path.to_string_lossy()).into_owned();
        if screen.quiet {
            return path + "\n";
        }
        let secrets = if self.redacted { "" } else { "; it may have secrets in it" };
        format!("wrote {path} ({}){secrets}\n", bytes(*size))
    }

    fn changed(&self) -> bool {
        self.file.is_some()
    }
}
