//! A journey that goes back to the step as long as a failure says `retryable` comes to an end, whatever its provider answers.

use host_test::cognito::{AuthorizationError, CannedResponse, Endpoint, Times};
use journey_host::{Begun, Completed};
use serde_json::json;

use crate::stage::Stage;

/// Brings a provider into trouble that does not end.
type Arrange = fn(&mut Stage);

/// The rounds of a journey that follows `retryable`, as the error variable tells it.
async fn rounds(stage: &mut Stage) -> u32 {
    loop {
        let failed = match stage.call_begin().await.outcome {
            Begun::Redirect(request) => {
                let response = stage.sign_in(&request).await;
                match stage.complete(&response).await.outcome {
                    Completed::Failed(failed) => failed,
                    other => panic!("{other:?}"),
                }
            }
            Begun::Failed(failed) => failed,
            other => panic!("{other:?}"),
        };
        let error = stage.variable("error_output").await.expect("an error variable");
        assert_eq!(error["retryable"], failed.failure.retryable, "both say the same");
        if error["retryable"] != true {
            return stage.visit.round;
        }
        assert!(stage.visit.round < 10, "the journey goes round for ever");
        stage.visit = stage.visit.next();
    }
}

#[tokio::test]
async fn a_provider_that_is_always_in_trouble_does_not_make_a_journey_go_round_for_ever() {
    let arrangements: [(&str, Arrange); 4] = [
        ("an identity provider", |stage| {
            let error = AuthorizationError::new("temporarily_unavailable", None);
            stage.cognito.faults().refuse_login(Times::Always, error);
        }),
        ("accounts that are always just linked", |stage| {
            stage.cognito.faults().refuse_login(Times::Always, AuthorizationError::account_just_linked("google_1"));
        }),
        ("a token endpoint", |stage| stage.cognito.faults().answer(Endpoint::Token, Times::Always, CannedResponse::empty(429))),
        ("metadata", |stage| {
            stage.connector = stage.cognito.connector_by_discovery();
            stage.cognito.faults().answer(Endpoint::Discovery, Times::Always, CannedResponse::empty(503));
        }),
    ];
    for (who, arrange) in arrangements {
        let mut stage = Stage::new().await;
        arrange(&mut stage);
        assert_eq!(rounds(&mut stage).await, 3, "{who}");
    }
}

#[tokio::test]
async fn what_is_final_ends_in_its_first_round() {
    let mut stage = Stage::new().await;
    stage.settings["scope"] = json!(1);
    assert_eq!(rounds(&mut stage).await, 1);
}
