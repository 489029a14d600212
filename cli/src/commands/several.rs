//! Commands that take several ids or names. A failing one does not stop the others.

use std::collections::HashSet;

use serde_json::{Value, json};
use threadkeep_app::Fault;
use threadkeep_app::opening::Index;
use uuid::Uuid;

use super::resolve::Lookup;
use crate::command::Answered;
use crate::exit::Code;
use crate::output::{Answer, Screen};

/// Lines from which on an answer is kept apart from the next one.
const SHEET: usize = 4;

/// Answers to ids, in their order. If there are several, faults were printed when they occurred.
pub(super) struct Several<A> {
    results: Vec<(String, Result<A, Fault>)>,
}

/// Runs a command for each id, with an index.
pub(super) async fn each<A>(
    lookup: &Lookup<'_>,
    typed: &[String],
    run: impl AsyncFn(&str) -> Result<A, Fault>,
) -> Result<Several<A>, Fault> {
    let words = lookup.fixed(typed).await?;
    Ok(Several::of(typed, words, lookup.screen, async |word: String| run(&word).await).await)
}

/// Closes the index, and returns what was done with it or why nothing was.
pub(super) async fn closed<T>(index: Index, done: Result<T, Fault>) -> Result<T, Fault> {
    let closed = index.close().await;
    let done = done?;
    closed.map(|()| done)
}

impl<A> Several<A> {
    /// Runs a command for each id, whose meaning was found or not.
    pub(super) async fn of<M>(
        typed: &[String],
        meant: Vec<Result<M, Fault>>,
        screen: &Screen,
        run: impl AsyncFn(M) -> Result<A, Fault>,
    ) -> Several<A> {
        let mut results = Vec::with_capacity(typed.len());
        for (typed_word, meant) in typed.iter().zip(meant) {
            let result = match meant {
                Ok(meant) => run(meant).await,
                Err(fault) => Err(fault),
            };
            if let Err(fault) = &result
                && typed.len() > 1
            {
                screen.fault(fault);
            }
            results.push((typed_word.clone(), result));
        }
        Several { results }
    }

    fn answers(&self) -> impl Iterator<Item = &A> {
        self.results.iter().filter_map(|(_, result)| result.as_ref().ok())
    }

    pub(super) fn answers_mut(&mut self) -> impl Iterator<Item = &mut A> {
        self.results.iter_mut().filter_map(|(_, result)| result.as_mut().ok())
    }

    fn failed(&self) -> usize {
        self.results.iter().filter(|(_, result)| result.is_err()).count()
    }
}

impl<A: Answer + 'static> Several<A> {
    /// Returns the answer, or the fault of a single id.
    pub(super) fn answer(mut self) -> Answered {
        match self.results.pop() {
            Some((_, Err(fault))) if self.results.is_empty() => Err(fault),
            last => {
                self.results.extend(last);
                Ok(Box::new(self))
            }
        }
    }
}

impl<A: Answer> Answer for Several<A> {
    /// Renders one object an id. The fields of a single one also stand at the top.
    fn json(&self) -> Value {
        let result = |(typed, result): &(String, Result<A, Fault>)| match result {
            Ok(answer) => answer.json(),
            Err(fault) => json!({ "typed": typed, "error": fault.message.to_string() }),
        };
        let results: Vec<Value> = self.results.iter().map(result).collect();
        let mut document = match results.as_slice() {
            [only] => only.clone(),
            _ => json!({}),
        };
        document["results"] = results.into();
        document
    }

    fn text(&self, screen: &Screen) -> String {
        let texts: Vec<String> = self.answers().map(|answer| answer.text(screen)).collect();
        let gap = if texts.iter().any(|text| text.lines().count() >= SHEET) { "\n" } else { "" };
        texts.join(gap)
    }

    fn aside(&self, screen: &Screen) -> String {
        let asides: String = self.answers().map(|answer| answer.aside(screen)).collect();
        let mut said = HashSet::new();
        asides.split_inclusive('\n').filter(|line| said.insert(*line)).collect()
    }

    fn done(&self) -> String {
        let mut done: Vec<String> = self.answers().map(A::done).filter(|done| !done.is_empty()).collect();
        done.dedup();
        if self.failed() > 0 {
            done.push(format!("{} failed", self.failed()));
        }
        done.join(", ")
    }

    fn changed(&self) -> bool {
        self.answers().any(A::changed)
    }

    fn thread(&self) -> Option<Uuid> {
        match self.results.as_slice() {
            [(_, Ok(only))] => only.thread(),
            _ => None,
        }
    }

    fn code(&self) -> Code {
        let worst = self.answers().map(A::code).max().unwrap_or(Code::Fine);
        if self.failed() > 0 { Code::CouldNotRun } else { worst }
    }
}
