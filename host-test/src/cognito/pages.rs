//! The pages that a person sees.

use super::config::IdentityProvider;
use super::http::encode_form;

const STYLE: &str = "\
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}\
body{margin:0;min-height:100vh;display:grid;place-items:center;background:light-dark(#eef1f5,#14171c)}\
main{box-sizing:border-box;width:min(24rem,100vw - 2rem);padding:2rem;border-radius:.75rem;background:light-dark(#fff,#1f242b);\
box-shadow:0 .5rem 2rem rgb(0 0 0/.15)}\
h1{margin:0 0 1.25rem;font-size:1.4rem}label{display:block;margin-bottom:1rem;font-size:.9rem}\
input{box-sizing:border-box;width:100%;margin-top:.25rem;padding:.6rem .7rem;border:1px solid #8a94a3;border-radius:.4rem;font:inherit}\
button,a.button{box-sizing:border-box;display:block;width:100%;padding:.65rem;border:0;border-radius:.4rem;background:#2354a8;color:#fff;\
font:inherit;font-weight:600;text-align:center;text-decoration:none;cursor:pointer}\
a.button{margin-top:.75rem;background:none;color:inherit;border:1px solid #8a94a3}\
p{margin:0 0 1rem}.alert{padding:.6rem .7rem;border-radius:.4rem;background:#fde8e8;color:#8a1c1c}\
small{display:block;margin-top:1.5rem;opacity:.7}";

/// What the login page shows.
pub(super) struct LoginPage<'a> {
    /// The authorization request's query.
    pub(super) query: &'a str,
    pub(super) csrf_field: &'a str,
    pub(super) csrf: &'a str,
    /// The name filled in.
    pub(super) username: &'a str,
    /// Whether an attempt has just failed.
    pub(super) failed: bool,
    pub(super) lang: &'a str,
    pub(super) identity_providers: &'a [IdentityProvider],
}

/// The login page.
pub(super) fn login(page: &LoginPage<'_>) -> String {
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
    document("Sign in", page.lang, &body)
}

/// The error page.
pub(super) fn error(message: &str) -> String {
    document(
        "Error",
        "en",
        &format!(
            "<h1>Something went wrong</h1>\n<p>An error was encountered with the requested page.</p>\n<p>{}</p>",
            escape(message)
        ),
    )
}

/// A page that submits itself (OAuth 2.0 Form Post Response Mode, 2).
pub(super) fn form_post(redirect_uri: &str, parameters: &[(String, String)]) -> String {
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

fn document(title: &str, lang: &str, body: &str) -> String {
    let lang = escape(lang);
    format!(
        "<!doctype html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head>\n<body><main>\n{body}\n</main></body></html>\n"
    )
}

/// Text made safe between tags and in quoted attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
