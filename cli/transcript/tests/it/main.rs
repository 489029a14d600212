//! The renderers, over the bundled rollouts of every version and over rollouts that are hostile.

mod bundled;
mod hostile;
mod known;
mod secrets;
mod selection;
mod support;
