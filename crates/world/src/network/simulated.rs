//! A network that is a function: what each request is answered with. For tests.

use std::sync::Mutex;

use async_trait::async_trait;

use super::{Network, NetworkError, Request, Response, check_url};

type Answer = dyn Fn(&Request) -> Result<Response, NetworkError> + Send + Sync;

/// Answers by a function and remembers what was asked.
pub struct SimulatedNetwork {
    answer: Box<Answer>,
    sent: Mutex<Vec<Request>>,
}

impl SimulatedNetwork {
    /// A network that answers with `answer`.
    pub fn new(
        answer: impl Fn(&Request) -> Result<Response, NetworkError> + Send + Sync + 'static,
    ) -> SimulatedNetwork {
        SimulatedNetwork { answer: Box::new(answer), sent: Mutex::default() }
    }

    /// What was asked so far, in order.
    pub fn sent(&self) -> Vec<Request> {
        self.sent.lock().expect("no panic while noting a request").clone()
    }
}

#[async_trait]
impl Network for SimulatedNetwork {
    async fn send(&self, request: Request) -> Result<Response, NetworkError> {
        if let Err(reason) = check_url(&request.url, &request.reach) {
            return Err(NetworkError::Refused { url: request.url.to_string(), reason });
        }
        self.sent.lock().expect("no panic while noting a request").push(request.clone());
        (self.answer)(&request)
    }
}
