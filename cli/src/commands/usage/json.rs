//! Usage for programs.

use serde_json::{Value, json};
use threadkeep_history::Purpose;

use super::groups::{Amount, Group};
use super::{Report, word};
use crate::args::By;
use crate::commands::search::of_extent;
use crate::output::{Answer, Screen, json};

impl Answer for Report {
    fn json(&self) -> Value {
        let mut document = json!({
            "by": word(self.groups.by),
            "since": self.period.since.map(|day| day.to_string()),
            "until": self.period.until.map(|day| day.to_string()),
            "agents": self.agents,
            "rows": self.groups.rows.iter().map(|group| of_group(self.groups.by, group)).collect::<Vec<_>>(),
            "total": of_amount(self.groups.total),
            "history": of_extent(&self.extent),
        });
        if let Some(page) = &self.page {
            document["html"] = page.to_string_lossy().into();
        }
        document
    }

    fn text(&self, screen: &Screen) -> String {
        self.render(screen)
    }

    fn aside(&self, screen: &Screen) -> String {
        self.footer(screen)
    }
}

fn of_group(by: By, group: &Group) -> Value {
    let mut document = of_amount(group.amount);
    match by {
        By::Thread => {
            let thread = group.thread.as_ref();
            document["thread_id"] = json!(thread.map(|(id, _)| id));
            document["name"] = json!(thread.map(|(_, caption)| &caption.name));
            document["title"] = json!(thread.map(|(_, caption)| &caption.title));
        }
        by => document[word(by)] = json!(group.key),
    }
    document
}

fn of_amount(amount: Amount) -> Value {
    let mut document = json::tokens(&amount.tokens);
    document["requests"] = amount.requests.into();
    for (purpose, part) in [(Purpose::Subagent, amount.subagents), (Purpose::Hidden, amount.hidden)] {
        json::add_others(&mut document, purpose, &part.tokens, part.requests);
    }
    document
}
