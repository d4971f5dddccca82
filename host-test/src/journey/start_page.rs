//! The page at `/`: what this is, and the journeys to choose from.

use axum::body::Body;
use axum::http::{Response, StatusCode};

use super::offer::Offer;
use super::page::page;
use super::pages::Pages;
use crate::html::{Width, escape};

/// In the order in which somebody new would try it: a login as it is, then one's own, then what is offered.
pub(super) fn show(pages: &Pages) -> Response<Body> {
    let mut body = "<p>A journey in small: it reaches a step that sends you to Amazon Cognito, and the step, a WebAssembly component in its \
                    sandbox, judges what comes back. Then it shows who you are, and how that was found out.</p>\n\
                    <a class=\"button primary\" href=\"/start\">Log in</a>\n"
        .to_owned();
    let edit = item(
        "/step",
        "Edit the step",
        "Settings and connector in a form, and beside each field what the step says of it. Then log in with it.",
    );
    let test = item("/connection", "Test the connection", "Finds out what is wrong with a connector before anybody logs in.");
    body += &match pages.editor {
        Some(_) => section("Edit and test", &[edit, test]),
        None => section("Without a user", &[test]),
    };
    for offers in pages.offers.chunk_by(|offer, next| offer.heading == next.heading) {
        let heading = offers.first().map(|offer| offer.heading).unwrap_or_default();
        let items: Vec<String> = offers.iter().map(|offer| offered(offer)).collect();
        body += &section(heading, &items);
    }
    page(StatusCode::OK, "A login with Amazon Cognito", Width::Wide, &body)
}

fn section(heading: &str, items: &[String]) -> String {
    format!("<h2>{}</h2>\n<ul class=\"plain offers\">\n{}</ul>\n", escape(heading), items.concat())
}

fn offered(offer: &Offer) -> String {
    item(&offer.start(), &offer.title, &offer.about)
}

fn item(location: &str, title: &str, about: &str) -> String {
    format!("<li><a href=\"{}\">{}</a><p>{}</p></li>\n", escape(location), escape(title), escape(about))
}
