//! The page at `/`: what this is, and the journeys to choose from.

use axum::body::Body;
use axum::http::{Response, StatusCode};

use super::offer::Offer;
use super::page::page;
use super::pages::Pages;
use crate::html::{Width, escape};

pub(super) fn show(pages: &Pages) -> Response<Body> {
    let mut body = "<p>A journey in small: it reaches a step that sends you to Amazon Cognito, and the step, a WebAssembly component in its \
                    sandbox, judges what comes back. Then it shows who you are, and how that was found out.</p>\n\
                    <a class=\"button primary\" href=\"/start\">Log in</a>\n"
        .to_owned();
    for offers in pages.offers.chunk_by(|offer, next| offer.heading == next.heading) {
        let heading = offers.first().map(|offer| escape(offer.heading)).unwrap_or_default();
        let list: String = offers.iter().map(|offer| item(offer)).collect();
        body += &format!("<h2>{heading}</h2>\n<ul class=\"plain offers\">\n{list}</ul>\n");
    }
    body += "<h2>Without a user</h2>\n<ul class=\"plain offers\">\n";
    if pages.editor.is_some() {
        body += "<li><a href=\"/step\">Edit the step</a><p>Settings and connector in a form, and beside each field what the step says of it. \
                 Then log in with it.</p></li>\n";
    }
    body += "<li><a href=\"/connection\">Test the connection</a>\
             <p>Finds out what is wrong with a connector before anybody logs in.</p></li>\n</ul>";
    page(StatusCode::OK, "A login with Amazon Cognito", Width::Wide, &body)
}

fn item(offer: &Offer) -> String {
    let Offer { name, title, about, .. } = offer;
    format!("<li><a href=\"/start?journey={name}\">{}</a><p>{}</p></li>\n", escape(title), escape(about))
}
