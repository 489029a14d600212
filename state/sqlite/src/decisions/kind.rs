//! Kinds of decisions, as a store declares them.

/// A kind of decision, with the statements that apply it.
///
/// Each statement gets as `?1` a JSON array of `[id, record]`, and may run again. They come into
/// effect in the order of the list: all of the first kind, then all of the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecisionKind {
    /// Name in the view and in the file, such as `thread`.
    pub name: &'static str,
    /// Applies decisions. `record` is the object of the view.
    pub put: &'static [&'static str],
    /// Withdraws decisions. `record` is null.
    pub clear: &'static [&'static str],
    /// Members of a record that change without a decision, and so may differ from the file's.
    pub volatile: &'static [&'static str],
}
