//! Commands that take several ids. A failing id does not stop the others.

use serde_json::{Value, json};
use threadkeep_app::Fault;
use threadkeep_app::text::counted;
use uuid::Uuid;

use crate::command::Answered;
use crate::exit::Code;
use crate::output::{Answer, Screen};

/// Answers to several ids, in their order. A fault was printed when it occurred.
struct Several<A> {
    results: Vec<(String, Result<A, Fault>)>,
}

/// Runs a command for each id. A single id gives its own answer or fault.
pub(super) async fn each<A: Answer + 'static>(
    typed: &[String],
    screen: &Screen,
    run: impl AsyncFn(&str) -> Result<A, Fault>,
) -> Answered {
    if let [only] = typed {
        return Ok(Box::new(run(only).await?));
    }
    let mut results = Vec::with_capacity(typed.len());
    for typed in typed {
        let result = run(typed).await;
        if let Err(fault) = &result {
            screen.fault(fault);
        }
        results.push((typed.clone(), result));
    }
    Ok(Box::new(Several { results }))
}

impl<A: Answer> Several<A> {
    fn answers(&self) -> impl Iterator<Item = &A> {
        self.results.iter().filter_map(|(_, result)| result.as_ref().ok())
    }

    fn failed(&self) -> usize {
        self.results.iter().filter(|(_, result)| result.is_err()).count()
    }
}

impl<A: Answer> Answer for Several<A> {
    fn json(&self) -> Value {
        let result = |(typed, result): &(String, Result<A, Fault>)| match result {
            Ok(answer) => answer.json(),
            Err(fault) => json!({ "typed": typed, "error": fault.message.to_string() }),
        };
        json!({ "results": self.results.iter().map(result).collect::<Vec<_>>() })
    }

    fn text(&self, screen: &Screen) -> String {
        let texts: Vec<String> = self.answers().map(|answer| answer.text(screen)).collect();
        // Sheets of many lines are kept apart.
        let gap = if texts.iter().any(|text| text.contains("\n\n")) { "\n" } else { "" };
        texts.join(gap)
    }

    fn done(&self) -> String {
        let mut done: Vec<String> = self.answers().map(A::done).filter(|done| !done.is_empty()).collect();
        done.dedup();
        if self.failed() > 0 {
            done.push(format!("{} failed", counted(self.failed() as u64, "thread")));
        }
        done.join(", ")
    }

    fn changed(&self) -> bool {
        self.answers().any(A::changed)
    }

    fn thread(&self) -> Option<Uuid> {
        None
    }

    fn code(&self) -> Code {
        let worst = self.answers().map(A::code).max().unwrap_or(Code::Fine);
        if self.failed() > 0 { Code::CouldNotRun } else { worst }
    }
}
