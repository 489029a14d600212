//! `memories forget`: removes the memories of threads.

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::opening::Index;
use threadkeep_app::{Message, command};
use threadkeep_memories::StageOneOutputs as _;
use uuid::Uuid;

use super::{boxed, bring_files_in_line};
use crate::command::{Answered, Context, Run};
use crate::commands::resolve::Lookup;
use crate::commands::several::{Several, closed, each};
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Forget<'a> {
    pub(super) ids: &'a [String],
}

/// Thread whose memory was removed, if it had one.
struct Forgotten {
    thread: Uuid,
    had_memory: bool,
}

#[async_trait(?Send)]
impl Run for Forget<'_> {
    fn logged(&self) -> Option<&'static str> {
        Some("memories forget")
    }

    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        let home = dirs.agent_home()?;
        let index = Index::for_writing(dirs).await?;
        let (lookup, store) = (Lookup::new(&index, &home, screen), index.state.memories());
        let forgotten = each(&lookup, self.ids, async |typed| {
            let thread = lookup.find(typed).await?.id;
            let had_memory = store.forget(thread).await.map_err(boxed)?;
            Ok(Forgotten { thread, had_memory })
        });
        let forgotten = forgotten.await;
        bring_files_in_line(&store, screen).await?;
        closed(index, forgotten.and_then(Several::answer)).await
    }
}

impl Answer for Forgotten {
    fn json(&self) -> Value {
        json!({ "thread_id": self.thread, "forgotten": self.had_memory })
    }

    fn text(&self, screen: &Screen) -> String {
        let thread = self.thread;
        let said: Message = match self.had_memory {
            _ if screen.quiet => return String::new(),
            true => {
                let rest = " removes its words from the consolidated text";
                (format!("the memory of {thread} was removed; the next "), command("memories run"), rest)
                    .into()
            }
            false => format!("nothing is remembered of {thread}; nothing to do").into(),
        };
        screen.render(said) + "\n"
    }

    fn done(&self) -> String {
        if self.had_memory { "forgotten" } else { "had no memory" }.to_owned()
    }

    fn changed(&self) -> bool {
        self.had_memory
    }

    fn thread(&self) -> Option<Uuid> {
        Some(self.thread)
    }
}
