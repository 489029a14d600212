//! Renderers: each makes text of a head, of turns one after the other, and of an end.

pub mod html;
pub mod json;
pub mod markdown;
mod phrases;
pub mod terminal;

use crate::head::Head;
use crate::model::Turn;
use crate::turns::Reading;

/// Form of a transcript.
pub trait Render {
    /// Renders what stands before the turns.
    fn begin(&mut self, head: &Head) -> String;
    /// Renders a turn.
    fn turn(&mut self, turn: &Turn) -> String;
    /// Renders what stands after the turns.
    fn end(&mut self, reading: &Reading) -> String;
}
