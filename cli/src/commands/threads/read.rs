//! `threads read`: a conversation as people read it.

use async_trait::async_trait;
use serde_json::Value;
use threadkeep_app::Fault;
use threadkeep_app::time::Clock;
use threadkeep_transcript::render::json::Json;
use threadkeep_transcript::render::markdown::Markdown;
use threadkeep_transcript::render::terminal::Terminal;
use threadkeep_transcript::turns::Selection;
use threadkeep_transcript::{Render, Secrets};

use super::conversation::Conversation;
use crate::args::{ReadArgs, ReadFormat};
use crate::command::{Answered, Context, ForHomes, Run};
use crate::commands::homes;
use crate::output::pager::Pager;
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Read<'a>(pub(super) &'a ReadArgs);

/// Answer of a command that has printed everything itself.
struct Printed;

#[async_trait(?Send)]
impl Run for Read<'_> {
    fn for_homes(&self) -> ForHomes {
        ForHomes::All
    }

    async fn run(&self, context: &Context<'_>) -> Answered {
        let ReadArgs { id, full, no_refresh, .. } = self.0;
        let screen = context.screen;
        let format = self.format(screen)?;
        let (selection, secrets) = (self.selection(), Secrets::Shown);
        let find = async |context: &Context<'_>| {
            Conversation::find(context, id, *no_refresh, selection, secrets).await
        };
        let conversation = homes::one_of(context, find).await?;
        let (full, clock) = (*full, Clock::system());
        let mut renderer: Box<dyn Render> = match format {
            ReadFormat::Text => Box::new(Terminal { width: screen.width, full, clock }),
            ReadFormat::Markdown => Box::new(Markdown { full, clock }),
            ReadFormat::Json => Box::new(Json::default()),
        };
        let mut pager = None;
        conversation
            .render(&mut *renderer, |text| pager.get_or_insert_with(|| Pager::start(screen)).part(text))?;
        Ok(Box::new(Printed))
    }
}

impl Read<'_> {
    fn selection(&self) -> Selection {
        match (self.0.turn, self.0.last) {
            (Some(number), _) => Selection::One(number),
            (None, Some(count)) => Selection::Last(count),
            (None, None) => Selection::All,
        }
    }

    fn format(&self, screen: &Screen) -> Result<ReadFormat, Fault> {
        match self.0.format {
            None if screen.json => Ok(ReadFormat::Json),
            None => Ok(ReadFormat::Text),
            Some(ReadFormat::Text | ReadFormat::Markdown) if screen.json => {
                Err(Fault::new("--json and --format contradict each other", "leave out one of them"))
            }
            Some(format) => Ok(format),
        }
    }
}

impl Answer for Printed {
    fn json(&self) -> Value {
        Value::Null
    }

    fn text(&self, _screen: &Screen) -> String {
        String::new()
    }

    fn rendered(&self, _screen: &Screen) -> String {
        String::new()
    }
}
