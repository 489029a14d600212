//! Ids in tables and sheets: whole for a program, and for people the beginning that suffices.

use std::collections::HashMap;

use threadkeep_app::label::SHORT_ID;
use threadkeep_state::{StateError, ThreadStore};
use uuid::Uuid;

use super::Screen;
use super::color::CYAN;
use super::table::Cell;

/// Length of the shortest unique beginning of each indexed thread's id.
#[derive(Debug, Default)]
pub(crate) struct Ids(HashMap<Uuid, usize>);

impl Ids {
    /// Reads how far the ids may be shortened.
    pub(crate) async fn of(threads: &ThreadStore, ids: &[Uuid]) -> Result<Ids, StateError> {
        Ok(Ids(threads.unique_prefixes(ids).await?))
    }

    /// Renders an id. Only an indexed thread's id can be completed again.
    pub(crate) fn shown(&self, id: Uuid, screen: &Screen) -> String {
        let whole = id.to_string();
        if screen.is_plain() { whole } else { self.short(id) }
    }

    /// Shortens an id to its unique beginning, which is at least [`SHORT_ID`] characters.
    pub(crate) fn short(&self, id: Uuid) -> String {
        let whole = id.to_string();
        let shown = self.0.get(&id).map_or(whole.len(), |unique| SHORT_ID.max(*unique));
        whole[..shown.min(whole.len())].to_owned()
    }

    /// Renders a table's cell with an id, of which the unique beginning stands out, after a text.
    pub(crate) fn cell(&self, before: &str, id: Uuid, screen: &Screen) -> Cell {
        let text = format!("{before}{}", self.shown(id, screen));
        let head = self.0.get(&id).map_or(text.len(), |unique| before.len() + unique);
        let head = head.min(text.len());
        Cell::from(text).with_head(head, CYAN)
    }
}
