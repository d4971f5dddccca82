//! The pages that a person sees.

use crate::cognito::pool::config::IdentityProvider;
use crate::cognito::wire::http::encode_form;
use crate::html::{Width, document, escape};

/// What the login page shows.
pub(in crate::cognito) struct LoginPage<'a> {
    /// The authorization request's query.
    pub(in crate::cognito) query: &'a str,
    pub(in crate::cognito) csrf_field: &'a str,
    pub(in crate::cognito) csrf: &'a str,
    /// The name filled in.
    pub(in crate::cognito) username: &'a str,
    /// Whether an attempt has just failed.
    pub(in crate::cognito) failed: bool,
    pub(in crate::cognito) lang: &'a str,
    pub(in crate::cognito) identity_providers: &'a [IdentityProvider],
}

/// The login page.
pub(in crate::cognito) fn login(page: &LoginPage<'_>) -> String {
    let alert = if page.failed { r#"<p class="alert" role="alert">Incorrect username or password.</p>"# } else { "" };
    let links: String =
        page.identity_providers.iter().map(|provider| identity_provider_link(page.query, &provider.name)).collect();
    let body = format!(
        r#"<h1>Sign in</h1>{alert}
<form name="cognitoSignInForm" method="post" action="/login?{query}">
<input type="hidden" name="{csrf_field}" value="{csrf}">
<label>Username or email<input name="username" value="{username}" autocomplete="username" required autofocus></label>
<label>Password<input name="password" type="password" autocomplete="current-password" required></label>
<button type="submit">Sign in</button>
</form>
{links}
<small>A local stand-in for Amazon Cognito, for tests and demos.</small>"#,
        query = escape(page.query),
        csrf_field = escape(page.csrf_field),
        csrf = escape(page.csrf),
        username = escape(page.username),
    );
    document("Sign in", page.lang, Width::Narrow, &body)
}

/// The error page.
pub(in crate::cognito) fn error(message: &str) -> String {
    document(
        "Error",
        "en",
        Width::Narrow,
        &format!(
            "<h1>Something went wrong</h1>\n<p>An error was encountered with the requested page.</p>\n<p>{}</p>",
            escape(message)
        ),
    )
}

/// A page that submits itself (OAuth 2.0 Form Post Response Mode, 2).
pub(in crate::cognito) fn form_post(redirect_uri: &str, parameters: &[(String, String)]) -> String {
    let inputs: String = parameters
        .iter()
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">\n", escape(name), escape(value)))
        .collect();
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Submit this form</title></head>\n\
         <body onload=\"document.forms[0].submit()\">\n<form method=\"post\" action=\"{}\">\n{inputs}\
         <noscript><button type=\"submit\">Continue</button></noscript>\n</form></body></html>\n",
        escape(redirect_uri)
    )
}

/// The same authorization request, aimed at one identity provider.
fn identity_provider_link(query: &str, name: &str) -> String {
    let parameters: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .filter(|(name, _)| !matches!(name.as_str(), "identity_provider" | "idp_identifier"))
        .chain([("identity_provider".to_owned(), name.to_owned())])
        .collect();
    let query = encode_form(parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    format!("<a class=\"button\" href=\"/oauth2/authorize?{}\">Continue with {}</a>\n", escape(&query), escape(name))
}
