//! Form Post RP: Basic RP by `response_mode=form_post`, and the one module that the comprehensive plan adds.

use serde_json::json;

use super::basic;
use super::row::{NOTHING, Row, reject};
use crate::arranged::Arrange as _;

pub(super) fn rows() -> Vec<Row> {
    let error = reject("oidcc-client-test-form-post-error", "login_required", NOTHING)
        .setting("advanced", json!({"prompt": "none", "max_age": 0}))
        .proves("the provider's error is told", |seen| seen.error["provider"]["error"] == "login_required");
    basic::rows().into_iter().chain([error]).map(Row::by_form_post).collect()
}
