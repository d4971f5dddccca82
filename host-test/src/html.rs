//! What the pages of the local Cognito and of the journey server have in common: their look, and text made safe.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

const STYLE: &str = "\
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}\
body{margin:0;min-height:100vh;display:grid;place-items:center;background:light-dark(#eef1f5,#14171c)}\
main{box-sizing:border-box;width:min(24rem,100vw - 2rem);padding:2rem;border-radius:.75rem;background:light-dark(#fff,#1f242b);\
box-shadow:0 .5rem 2rem rgb(0 0 0/.15)}main.wide{width:min(40rem,100vw - 2rem);margin:1rem 0}\
h1{margin:0 0 1.25rem;font-size:1.4rem}label{display:block;margin-bottom:1rem;font-size:.9rem}\
input{box-sizing:border-box;width:100%;margin-top:.25rem;padding:.6rem .7rem;border:1px solid #8a94a3;border-radius:.4rem;font:inherit}\
button,a.button{box-sizing:border-box;display:block;width:100%;padding:.65rem;border:0;border-radius:.4rem;background:#2354a8;color:#fff;\
font:inherit;font-weight:600;text-align:center;text-decoration:none;cursor:pointer}\
a.button,button.quiet{margin-top:.75rem;background:none;color:inherit;border:1px solid #8a94a3}\
a.primary{margin-top:0;background:#2354a8;color:#fff;border-color:#2354a8}\
p{margin:0 0 1rem}.alert{padding:.6rem .7rem;border-radius:.4rem;background:#fde8e8;color:#8a1c1c}\
pre{margin:0;padding:1rem;overflow-x:auto;border-radius:.4rem;background:light-dark(#eef1f5,#14171c);font-size:.85rem}\
dl{margin:0 0 1rem}dt{font-weight:600}dt.failed{color:light-dark(#8a1c1c,#ff9a9a)}dt.skipped,dt.unknown{opacity:.75}\
dd{margin:0 0 .75rem;overflow-wrap:anywhere}dd span{display:block;opacity:.85;font-size:.9rem}\
small{display:block;margin-top:1.5rem;opacity:.7}";

/// How much room a page's content has.
#[derive(Clone, Copy)]
pub(crate) enum Width {
    /// A few words, or a form.
    Narrow,
    /// A document.
    Wide,
}

/// A whole page. `body` is HTML already; `title` and `lang` are made safe here.
pub(crate) fn document(title: &str, lang: &str, width: Width, body: &str) -> String {
    let (title, lang) = (escape(title), escape(lang));
    let class = match width {
        Width::Narrow => "",
        Width::Wide => " class=\"wide\"",
    };
    format!(
        "<!doctype html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head>\n<body><main{class}>\n{body}\n</main></body></html>\n"
    )
}

/// The source of the pages' style, for a policy that allows no other (Content Security Policy Level 3, 2.3.1).
pub(crate) fn style_source() -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(STYLE)))
}

/// Text made safe between tags and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
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
