//! `device-key list`: the keys, and with `--check` halves of keys.

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::opening::Index;
use threadkeep_app::text::{clean, counted};
use threadkeep_app::time::Clock;
use threadkeep_app::{Message, Observer as _, command, device_keys};
use threadkeep_device_key::{KeyId, Orphans, StoredBinding};

use super::{of_stored, protection_in_short, store};
use crate::command::{Answered, Context, Run};
use crate::exit::Code;
use crate::output::color::{BOLD, DIM, paint};
use crate::output::table::{Column, table};
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct List {
    pub(super) check: bool,
}

/// All bindings, and the halves if they were looked for.
struct Listed {
    keys: Vec<StoredBinding>,
    orphans: Option<Orphans>,
}

#[async_trait(?Send)]
impl Run for List {
    async fn run(&self, context: &Context<'_>) -> Answered {
        let index = Index::for_reading(&context.dirs, context.screen).await?;
        let store = store(context, &index);
        let orphans = if self.check { Some(store.check().await?) } else { None };
        let keys = store.list().await?;
        index.close().await?;
        if let Some(fault) = device_keys::exposed(&context.dirs, &context.settings.device_keys) {
            context.screen.note(&fault.sentence());
        }
        Ok(Box::new(Listed { keys, orphans }))
    }
}

impl Listed {
    /// Returns the halves, each with the words for it.
    fn halves(&self) -> Vec<(&KeyId, &'static str)> {
        let Some(orphans) = &self.orphans else { return Vec::new() };
        let without_binding = (&orphans.without_binding, "no binding: it signs nothing, and can be deleted");
        let without_key = (&orphans.without_key, "no key: delete the binding, unless the keys are elsewhere");
        let unknown = (&orphans.unknown, "cannot be checked here");
        let kinds = [without_binding, without_key, unknown].into_iter();
        kinds.flat_map(|(keys, words)| keys.iter().map(move |key| (key, words))).collect()
    }
}

impl Answer for Listed {
    fn json(&self) -> Value {
        let mut value = json!({ "keys": self.keys.iter().map(of_stored).collect::<Vec<_>>() });
        if let Some(orphans) = &self.orphans {
            let ids = |keys: &[KeyId]| keys.iter().map(KeyId::as_str).collect::<Vec<_>>().into();
            let halves: [(&str, Value); 3] = [
                ("without_binding", ids(&orphans.without_binding)),
                ("without_key", ids(&orphans.without_key)),
                ("unknown", ids(&orphans.unknown)),
            ];
            value["check"] =
                Value::Object(halves.map(|(name, keys)| (name.to_owned(), keys)).into_iter().collect());
        }
        value
    }

    fn text(&self, screen: &Screen) -> String {
        const COLUMNS: [Column; 5] = [
            Column::new("KEY", 50, 50, 0, BOLD),
            Column::new("PROTECTION", 8, 16, 2, DIM),
            Column { floor: 8, ..Column::new("ACCOUNT", 12, 40, 0, DIM) },
            Column { floor: 8, ..Column::new("CLIENT", 12, 40, 0, DIM) },
            Column::new("CREATED", 12, 24, 3, DIM),
        ];
        const HALVES: [Column; 2] =
            [Column::new("KEY", 50, 50, 0, BOLD), Column::new("PROBLEM", 20, usize::MAX, 0, DIM)];
        let clock = Clock::system();
        let row = |stored: &StoredBinding| {
            vec![
                stored.key_id.as_str().to_owned().into(),
                protection_in_short(stored.key_id.class()).to_owned().into(),
                clean(&stored.binding.account_user_id).into_owned().into(),
                clean(&stored.binding.client_id).into_owned().into(),
                screen.time(stored.created_at, &clock).into(),
            ]
        };
        let mut text = String::new();
        if !self.keys.is_empty() {
            text += &table(&COLUMNS, &self.keys.iter().map(row).collect::<Vec<_>>(), screen.width);
        }
        let halves: Vec<_> = self
            .halves()
            .into_iter()
            .map(|(key, words)| vec![key.as_str().to_owned().into(), words.to_owned().into()])
            .collect();
        if !halves.is_empty() {
            let gap = if text.is_empty() { "" } else { "\n" };
            text = format!("{text}{gap}{}", table(&HALVES, &halves, screen.width));
        }
        text
    }

    fn aside(&self, screen: &Screen) -> String {
        if !self.keys.is_empty() {
            return paint(DIM, &counted(self.keys.len() as u64, "key")) + "\n";
        }
        let create: Message = (command("device-key create"), " makes one.").into();
        format!("There are no keys.\n{}\n", paint(DIM, &screen.render(create)))
    }

    fn code(&self) -> Code {
        let is_half =
            |orphans: &Orphans| !(orphans.without_binding.is_empty() && orphans.without_key.is_empty());
        if self.orphans.as_ref().is_some_and(is_half) { Code::Problems } else { Code::Fine }
    }
}
