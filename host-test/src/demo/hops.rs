//! The user agent's requests, as they are printed.

use std::io;

use super::parameters::{self, Direction};
use super::screen::Screen;
use crate::browser::Hop;
use crate::masked::masked;

/// Where the status of a hop stands.
const STATUS: usize = 77;

/// Numbers and prints hops.
#[derive(Default)]
pub(super) struct Hops(usize);

impl Hops {
    /// Prints one request. `form`: the fields of its body.
    pub(super) fn print(&mut self, hop: &Hop, form: &[(String, String)], screen: &mut Screen<'_>) -> io::Result<()> {
        self.0 += 1;
        let place = format!("{} {}{}", hop.method, hop.url.origin().ascii_serialization(), hop.url.path());
        let place = parameters::printable(&place);
        let number = format!("{:>2}", self.0);
        screen.cells(&[(2, &number), (6, &place), (STATUS, &hop.status.to_string())])?;
        screen.cells(&[(6, note(hop))])?;
        let query: Vec<(String, String)> = hop.url.query_pairs().into_owned().collect();
        match hop.url.path() {
            "/oauth2/authorize" => parameters::print(&query, Direction::Request, screen)?,
            path if path.starts_with("/oauth2/") || path == "/login" || path == "/idp" => {}
            _ => parameters::print(&query, Direction::Response, screen)?,
        }
        parameters::print(form, Direction::Response, screen)?;
        for cookie in &hop.set_cookies {
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let text = format!("{}; {}", masked(value), attributes.trim());
            screen.cells(&[(6, "sets the cookie"), (28, &parameters::printable(&format!("{name} = {text}")))])?;
        }
        Ok(())
    }
}

fn note(hop: &Hop) -> &'static str {
    match (hop.method.as_str(), hop.url.path()) {
        (_, "/start") => "the journey reaches the step",
        (_, "/oauth2/authorize") => "Cognito gets the authorization request",
        ("GET", "/login") => "Cognito's sign-in page, with the same parameters",
        (_, "/login") => "the user signs in",
        (_, "/idp") => "the identity provider; its own pages are left out",
        (_, "/oauth2/idpresponse") => "back at Cognito, which knows the user now",
        (_, "/error") => "Cognito's own error page, which never calls back",
        (_, "/journey") => "where the journey stands; the address bar holds no code any more",
        (_, "/cancel") => "the user gives up waiting",
        _ => "the authorization response arrives at the journey",
    }
}
