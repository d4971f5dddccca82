//! Every form that a settlement has.

use crate::outcome::{Authentication, Category, Failed, Failure, FailureBehavior, ProviderAnswer};
use crate::stores::Settlement;

use super::odd;

/// Each of the categories and behaviors, each member present and absent, and texts of any kind.
pub(super) fn every() -> Vec<Settlement> {
    let categories = [Category::Configuration, Category::Flow, Category::Provider, Category::Security, Category::System];
    let mut every = Vec::new();
    for (number, category) in categories.into_iter().enumerate() {
        for behavior in [FailureBehavior::FailureBranch, FailureBehavior::Abort] {
            for is_whole in [false, true] {
                let text = |text: &str| is_whole.then(|| text.to_owned());
                let failure = Failure {
                    code: if is_whole { "token_unavailable".to_owned() } else { String::new() },
                    category,
                    message: text("the token endpoint's answer: {\"error\": \"…\"}").unwrap_or_default(),
                    retryable: number.is_multiple_of(2),
                    path: text("/connector/client_id"),
                    provider: ProviderAnswer {
                        error: text("invalid_grant"),
                        error_description: text("'; -- é 👩‍👩‍👧 {}"),
                        status: is_whole.then_some(u16::MAX),
                        request_id: text("1-5759e988-bd862e3fe1be46a994272793"),
                    },
                };
                every.push(Settlement::Failed(Failed { failure, behavior }));
            }
        }
    }
    for text in odd::values() {
        let [user_pool_id, subject, issuer] = [text.clone(), text.clone(), text];
        every.push(Settlement::Authenticated(Authentication { user_pool_id, subject, issuer }));
    }
    every
}
