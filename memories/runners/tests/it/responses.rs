//! The client of a Responses API, against a real server.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use threadkeep_memories::{ExtractionRequest, ModelError, StageOneModel, ThreadText, answer_schema};
use threadkeep_memory_runners::{Environment, ResponsesError, ResponsesModel, ResponsesSettings};

use crate::http::{Reply, Request, Server};
use crate::kit::thread;

const KEY: &str = "sk-proj-1234567890";
const ANSWER: &str = r#"{"rollout_summary":"a","raw_memory":"b","rollout_slug":null}"#;

/// Variables and a clock of the test. Sleeps are recorded only.
#[derive(Default)]
struct Quiet {
    variables: HashMap<&'static str, String>,
    slept: Mutex<Vec<Duration>>,
}

#[async_trait]
impl Environment for Quiet {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(784_111_777).expect("a time")
    }

    async fn sleep(&self, duration: Duration) {
        self.slept.lock().expect("a lock").push(duration);
    }
}

/// A server, a client of it, and the results.
struct Run {
    result: Result<String, ModelError>,
    requests: Vec<Request>,
    slept: Vec<Duration>,
}

impl Run {
    /// Asks a server that answers so.
    async fn of(replies: Vec<Reply>) -> Self {
        Self::with(replies, |_| {}).await
    }

    async fn with(replies: Vec<Reply>, change: impl FnOnce(&mut ResponsesSettings)) -> Self {
        let server = Server::new(replies);
        let mut settings = ResponsesSettings::new(&server.url, "a-model");
        settings.key_variable = Some("A_KEY".to_owned());
        settings.headers = vec![("X-Team".to_owned(), "header-secret".to_owned())];
        change(&mut settings);
        let variables = HashMap::from([("A_KEY", format!("{KEY}\n")), ("NO_HEADER", "a\u{1}b".to_owned())]);
        let environment = Arc::new(Quiet { variables, ..Quiet::default() });
        let model = ResponsesModel::new(settings).expect("a client");
        let model = model.with_environment(Arc::clone(&environment) as Arc<dyn Environment>);
        let result = ask(&model).await;
        let slept = std::mem::take(&mut *environment.slept.lock().expect("a lock"));
        Self { result, requests: server.requests(), slept }
    }

    /// Returns the kind of the error and its reason, which has no secret.
    fn failure(self) -> (&'static str, String) {
        let error = self.result.expect_err("a failure");
        let kind = match &error {
            ModelError::Transient { .. } => "transient",
            ModelError::Unavailable { .. } => "unavailable",
            ModelError::Permanent { .. } => "permanent",
            _ => "other",
        };
        let text = error.to_string();
        assert!(
            !text.contains(KEY) && !text.contains("header-secret") && !text.contains("127.0.0.1"),
            "{text}"
        );
        let reason = text.split_once(": ").expect("a reason").1.to_owned();
        (kind, reason)
    }
}

async fn ask(model: &ResponsesModel) -> Result<String, ModelError> {
    let request = ExtractionRequest {
        thread: &thread(1),
        instructions: "Extract.",
        input: "the thread",
        text: &ThreadText::default(),
        schema: &answer_schema(),
    };
    model.extract(request).await
}

fn message(text: &str) -> Value {
    json!({ "type": "message", "content": [{ "type": "output_text", "text": text }] })
}

/// A success with these items.
fn output(items: &[Value]) -> Reply {
    Reply::of(200, &json!({ "status": "completed", "error": null, "output": items }))
}

fn error(status: u16, message: &str) -> Reply {
    Reply::of(status, &json!({ "error": { "message": message } }))
}

#[tokio::test]
async fn a_request_has_everything_and_the_answer_is_found() {
    let reasoning = json!({ "type": "reasoning", "summary": [], "content": null });
    let run = Run::with(vec![output(&[reasoning, message(ANSWER)])], |settings| {
        settings.base_url += "/?api-version=1";
        settings.effort = Some("low".to_owned());
    })
    .await;
    assert_eq!(run.result.expect("an answer"), ANSWER);
    let [Request { head, body }] = &run.requests[..] else { panic!("one request") };
    assert!(head.starts_with("POST /v1/responses?api-version=1 HTTP/1.1"), "{head}");
    let head = head.to_lowercase();
    assert!(
        head.contains(&format!("authorization: bearer {KEY}\r\n")) && head.contains("x-team: header-secret")
    );
    assert_eq!(
        (&body["model"], &body["input"], &body["store"]),
        (&json!("a-model"), &json!("the thread"), &json!(false))
    );
    let format = &body["text"]["format"];
    assert_eq!((&format["schema"], &format["strict"]), (&answer_schema(), &json!(true)));
    assert_eq!(body["reasoning"], json!({ "effort": "low" }));
    assert!(body["instructions"].as_str().expect("a text").contains("rollout_slug"));
}

#[tokio::test]
async fn json_is_found_among_other_words() {
    for text in [
        format!("Sure!\n```json\n{ANSWER}\n```\nAnything else?"),
        format!("<think>{{ hm }}</think>\n\n{ANSWER}"),
        format!("\n{ANSWER}"),
    ] {
        let run = Run::of(vec![output(&[message(&text)])]).await;
        assert_eq!(run.result.expect("an answer"), ANSWER, "{text}");
    }
    let hidden = json!({ "type": "reasoning", "content": [{ "type": "reasoning_text", "text": ANSWER }] });
    assert_eq!(Run::of(vec![output(&[hidden])]).await.result.expect("an answer"), ANSWER);
    let prose = Run::of(vec![output(&[message("I cannot.")])]).await;
    assert_eq!(prose.result.expect("a text, which the caller refuses"), "I cannot.");
}

#[tokio::test]
async fn a_server_without_structured_output_is_asked_for_less() {
    let unknown = |field: &str| error(400, &format!("Unknown parameter: 'text.format.{field}'."));
    let run = Run::of(vec![unknown("strict"), unknown("type"), output(&[message(ANSWER)])]).await;
    assert_eq!(run.result.expect("an answer"), ANSWER);
    let formats: Vec<&Value> = run.requests.iter().map(|request| &request.body["text"]["format"]).collect();
    assert_eq!(formats[0]["strict"], json!(true));
    assert!(formats[1]["strict"].is_null() && formats[1]["schema"].is_object());
    assert!(formats[2].is_null());
    assert!(run.slept.is_empty());
}

#[tokio::test]
async fn the_simpler_format_is_remembered() {
    let unknown = error(422, "extra fields not permitted: strict");
    let server = Server::new(vec![unknown, output(&[message(ANSWER)]), output(&[message(ANSWER)])]);
    let model = ResponsesModel::new(ResponsesSettings::new(&server.url, "a-model")).expect("a client");
    ask(&model).await.expect("an answer");
    ask(&model).await.expect("an answer");
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests[2].body["text"]["format"]["strict"].is_null());
    assert!(!requests[2].head.to_lowercase().contains("authorization"), "no key is configured");
}

#[tokio::test]
async fn a_busy_server_is_asked_again_when_it_says() {
    let busy = |value: &str| Reply::Whole(429, vec![("Retry-After", value.to_owned())], "{}".to_owned());
    let date = "Sun, 06 Nov 1994 08:50:07 GMT";
    let run = Run::of(vec![busy("7"), busy(date), busy("soon"), output(&[message(ANSWER)])]).await;
    assert_eq!(run.result.expect("an answer"), ANSWER);
    assert_eq!(run.slept[..2], [Duration::from_secs(7), Duration::from_secs(30)]);
    assert!((2..=4).contains(&run.slept[2].as_secs()));
}

#[tokio::test]
async fn a_long_wait_is_left_to_the_caller() {
    let busy = Reply::Whole(429, vec![("Retry-After", "3600".to_owned())], "{}".to_owned());
    let run = Run::of(vec![busy]).await;
    assert!(run.slept.is_empty());
    let Err(ModelError::Unavailable { retry_after, .. }) = run.result else { panic!("unavailable") };
    assert_eq!(retry_after, Some(Duration::from_secs(3600)));
    let empty = Reply::of(429, &json!({ "error": { "message": "Pay.", "code": "insufficient_quota" } }));
    let run = Run::of(vec![empty]).await;
    assert_eq!(run.failure(), ("unavailable", "status 429 Too Many Requests: Pay.".to_owned()));
}

#[tokio::test]
async fn a_server_that_fails_for_ever_is_given_up() {
    let run = Run::of(vec![error(500, "boom"); 4]).await;
    assert_eq!((run.requests.len(), run.slept.len()), (4, 3));
    assert!(run.slept.iter().sum::<Duration>() <= Duration::from_secs(7));
    assert_eq!(run.failure(), ("unavailable", "status 500 Internal Server Error: boom".to_owned()));
}

#[tokio::test]
async fn broken_connections_are_tried_again() {
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"output\":";
    let replies = vec![Reply::Cut(String::new()), Reply::Cut(cut.to_owned()), output(&[message(ANSWER)])];
    let run = Run::of(replies).await;
    assert_eq!(run.result.expect("an answer"), ANSWER);
    assert_eq!(run.slept.len(), 2);
    let gone = Run::with(Vec::new(), |settings| settings.base_url = "http://127.0.0.1:1".to_owned()).await;
    assert_eq!(gone.slept.len(), 3);
    let (kind, reason) = gone.failure();
    assert!(kind == "unavailable" && reason.contains("onnect"), "{reason}");
}

#[tokio::test]
async fn a_slow_answer_ends_by_the_timeout() {
    let slow = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{";
    let run = Run::with(vec![Reply::Slow(slow.to_owned())], |settings| {
        settings.timeout = Duration::from_millis(200);
    })
    .await;
    assert_eq!(run.failure(), ("transient", "the server did not answer in time".to_owned()));
}

#[tokio::test]
async fn refusals_are_not_tried_again_and_have_no_secret() {
    let echo = format!("Incorrect API key: {KEY} for header-secret\n{}", "x".repeat(1_000));
    let (kind, reason) = Run::of(vec![error(401, &echo)]).await.failure();
    assert_eq!(kind, "unavailable", "the user can correct the key");
    assert!(reason.starts_with("status 401 Unauthorized: Incorrect API key: [redacted] for [redacted] x"));
    assert!(reason.len() < 400);
    let bad = Run::of(vec![error(400, "Bad input.")]).await;
    assert_eq!(bad.failure(), ("permanent", "status 400 Bad Request: Bad input.".to_owned()));
    let plain = Reply::Whole(404, Vec::new(), "<html>".to_owned());
    assert_eq!(Run::of(vec![plain]).await.failure(), ("unavailable", "status 404 Not Found".to_owned()));
    let text = Reply::of(403, &json!({ "error": "not allowed" }));
    assert_eq!(Run::of(vec![text]).await.failure().1, "status 403 Forbidden: not allowed");
    let target = vec![("Location", "https://elsewhere.test/v1?key=x".to_owned())];
    let moved = Run::of(vec![Reply::Whole(307, target, String::new())]).await;
    assert_eq!(moved.requests.len(), 1);
    assert_eq!(moved.failure(), ("unavailable", "the server redirects to https://elsewhere.test".to_owned()));
}

#[tokio::test]
async fn a_missing_or_odd_key_is_named_by_its_variable() {
    let run = Run::with(Vec::new(), |settings| settings.key_variable = Some("NO_KEY".to_owned())).await;
    let reason = "the environment variable NO_KEY with the key is not set".to_owned();
    assert_eq!(run.failure(), ("unavailable", reason));
    let run = Run::with(Vec::new(), |settings| settings.key_variable = Some("NO_HEADER".to_owned())).await;
    assert_eq!(run.failure(), ("unavailable", "the key has characters that HTTP does not allow".to_owned()));
}

#[tokio::test]
async fn answers_that_are_none_are_named() {
    let refusal = json!({ "type": "message", "content": [{ "type": "refusal", "refusal": "I must not." }] });
    let incomplete = json!({
        "status": "incomplete", "incomplete_details": { "reason": "max_output_tokens" },
        "output": [message("{")],
    });
    let failed = json!({ "status": "failed", "error": { "code": "invalid_prompt", "message": "No." } });
    for (reply, kind, reason) in [
        (output(&[refusal]), "permanent", "the model refused: I must not."),
        (Reply::of(200, &incomplete), "permanent", "the answer is incomplete: max_output_tokens"),
        (Reply::of(200, &failed), "permanent", "the server failed: No."),
        (
            Reply::of(200, &json!({ "status": "queued" })),
            "transient",
            "the answer has no text, and its status is queued",
        ),
        (
            Reply::Whole(200, Vec::new(), "<html>".into()),
            "transient",
            "the server's answer is not a JSON object",
        ),
        (
            Reply::Whole(200, Vec::new(), "x".repeat(5 << 20)),
            "permanent",
            "the server's answer is longer than 4 MiB",
        ),
    ] {
        assert_eq!(Run::of(vec![reply]).await.failure(), (kind, reason.to_owned()));
    }
    let passing = json!({ "error": { "code": "server_error", "message": "Again." } });
    let run = Run::of(vec![Reply::of(200, &passing), output(&[message(ANSWER)])]).await;
    assert_eq!(run.result.expect("an answer"), ANSWER);
}

#[test]
fn settings_that_cannot_work_are_refused() {
    for url in ["", "api.openai.com/v1", "ftp://a/v1", "https://me:pw@a/v1"] {
        let refused = ResponsesModel::new(ResponsesSettings::new(url, "m"));
        assert!(matches!(refused, Err(ResponsesError::BaseUrl { .. })), "{url}");
    }
    let mut settings = ResponsesSettings::new("https://a/v1", "m");
    settings.headers = vec![("a b".to_owned(), "header-secret".to_owned())];
    assert!(!format!("{settings:?}").contains("header-secret"));
    let error = ResponsesModel::new(settings).expect_err("a bad name");
    assert!(!error.to_string().contains("header-secret"));
}
