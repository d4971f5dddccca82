//! The pages that a person sees.

use url::Url;

use super::words::Words;
use crate::cognito::pool::config::IdentityProvider;
use crate::cognito::pool::user::User;
use crate::cognito::wire::http::{Response, encode_form, html};
use crate::html::{Width, document, escape};

/// What the login page shows.
pub(in crate::cognito) struct LoginPage<'a> {
    /// The authorization request's query.
    pub(in crate::cognito) query: &'a str,
    /// Where the login leads to in the end.
    pub(in crate::cognito) redirect_uri: &'a str,
    pub(in crate::cognito) csrf_field: &'a str,
    pub(in crate::cognito) csrf: &'a str,
    /// The name filled in.
    pub(in crate::cognito) username: &'a str,
    /// Whether an attempt has just failed.
    pub(in crate::cognito) failed: bool,
    pub(in crate::cognito) words: &'static Words,
    pub(in crate::cognito) identity_providers: &'a [IdentityProvider],
    /// One to sign in with.
    pub(in crate::cognito) test_user: Option<&'a User>,
}

/// The login page.
pub(in crate::cognito) fn login(page: &LoginPage<'_>) -> Response {
    let words = page.words;
    let alert = match page.failed {
        true => format!("<p class=\"alert\" role=\"alert\">{}</p>\n", escape(words.incorrect)),
        false => String::new(),
    };
    let links: String =
        page.identity_providers.iter().map(|provider| identity_provider_link(page.query, &provider.name, words)).collect();
    let body = format!(
        r#"<h1>{sign_in}</h1>
{alert}<form name="cognitoSignInForm" method="post" action="/login?{query}">
<input type="hidden" name="{csrf_field}" value="{csrf}">
<label>{username_label}<input name="username" value="{username}" autocomplete="username" dir="auto" required autofocus></label>
<label>{password_label}<input name="password" type="password" autocomplete="current-password" dir="auto" required></label>
<button type="submit">{sign_in}</button>
</form>
{links}{test_user}<small>{stand_in}</small>"#,
        sign_in = escape(words.sign_in),
        username_label = escape(words.username),
        password_label = escape(words.password),
        query = escape(page.query),
        csrf_field = escape(page.csrf_field),
        csrf = escape(page.csrf),
        username = escape(page.username),
        test_user = page.test_user.map(|user| credentials(user, words)).unwrap_or_default(),
        stand_in = escape(words.stand_in),
    );
    html(200, document(words.sign_in, words.lang, Width::Narrow, &body), &[], &destination(page.redirect_uri))
}

/// The name and the password of a user, for whoever tries the login.
fn credentials(user: &User, words: &Words) -> String {
    let password = user.password.as_deref().unwrap_or_default();
    format!(
        "<small>{}<br><code><bdi>{}</bdi></code><br><code><bdi>{}</bdi></code></small>\n",
        escape(words.test_user),
        escape(user.email().unwrap_or(&user.username)),
        escape(password)
    )
}

/// The identity provider's own page, where it has one. `choices`: each account with where it leads, and where a refusal leads.
pub(in crate::cognito) fn chooser(provider: &str, words: &Words, choices: &[(&User, String)], cancelled: &str) -> Response {
    let account = |(user, location): &(&User, String)| {
        let name = user.attributes.get("name").and_then(|name| name.as_str()).unwrap_or(&user.username);
        let address = user.email().map(|email| format!("<br><span class=\"note\"><bdi>{}</bdi></span>", escape(email)));
        let (name, address) = (escape(name), address.unwrap_or_default());
        format!("<li><a class=\"button\" href=\"{}\"><bdi>{name}</bdi>{address}</a></li>\n", escape(location))
    };
    let accounts: String = choices.iter().map(account).collect();
    let body = format!(
        "<p class=\"note\"><bdi>{}</bdi></p>\n<h1>{}</h1>\n<ul class=\"plain\">\n{accounts}</ul>\n\
         <a class=\"button\" href=\"{}\">{}</a>\n<small>{}</small>",
        escape(provider),
        escape(words.choose_account),
        escape(cancelled),
        escape(words.cancel),
        escape(words.stand_in)
    );
    html(200, document(words.choose_account, words.lang, Width::Narrow, &body), &[], "")
}

/// The error page. `way_back`: where a person goes on, which a real one doesn't say.
pub(in crate::cognito) fn error(status: u16, message: &str, way_back: Option<&str>) -> Response {
    let link = way_back.map(|url| {
        format!(
            "\n<p>Cognito’s own page ends here: nothing comes back to the journey, which waits until its time is over.</p>\n\
             <a class=\"button primary\" href=\"{}\">Back to the journey</a>",
            escape(url)
        )
    });
    let body = format!(
        "<h1>Something went wrong</h1>\n<p>An error was encountered with the requested page.</p>\n<p><code>{}</code></p>{}",
        escape(message),
        link.unwrap_or_default()
    );
    html(status, document("Error", "en", Width::Narrow, &body), &[], "")
}

/// The one script that there is.
const SUBMIT: &str = "document.forms[0].submit()";

/// A page that submits itself (OAuth 2.0 Form Post Response Mode, 2).
pub(in crate::cognito) fn form_post(redirect_uri: &str, parameters: &[(String, String)]) -> Response {
    let inputs: String = parameters
        .iter()
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">\n", escape(name), escape(value)))
        .collect();
    let body = format!(
        "<h1>One moment</h1>\n<form method=\"post\" action=\"{}\">\n{inputs}<noscript><button type=\"submit\">Continue</button></noscript>\n\
         </form>\n<script>{SUBMIT}</script>",
        escape(redirect_uri)
    );
    html(200, document("One moment", "en", Width::Narrow, &body), &[SUBMIT], &destination(redirect_uri))
}

/// The same authorization request, aimed at one identity provider.
fn identity_provider_link(query: &str, name: &str, words: &Words) -> String {
    let parameters: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .filter(|(name, _)| !matches!(name.as_str(), "identity_provider" | "idp_identifier"))
        .chain([("identity_provider".to_owned(), name.to_owned())])
        .collect();
    let query = encode_form(parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let text = escape(&words.continue_with(name));
    format!("<a class=\"button\" href=\"/oauth2/authorize?{}\">{text}</a>\n", escape(&query))
}

/// Where the answer leads, as a source for a policy: browsers hold what follows a form's answer to it, too.
fn destination(redirect_uri: &str) -> String {
    match Url::parse(redirect_uri) {
        Ok(url) if url.origin().is_tuple() => format!(" {}", url.origin().ascii_serialization()),
        Ok(url) => format!(" {}:", url.scheme()),
        Err(_) => String::new(),
    }
}
