//! What the pages of the local Cognito and of the journey server have in common: their look, and text made safe.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// Colours in pairs for light and dark, of a contrast of at least 4.5 to 1 for text and 3 to 1 for what is to be seen of a
/// control (WCAG 2.2, 1.4.3 and 1.4.11). Directions are logical, so that a page that is read from right to left is mirrored.
const STYLE: &str = "\
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif;--back:light-dark(#eef1f5,#14171c);--card:light-dark(#fff,#1f242b);\
--text:light-dark(#1b1f24,#e8ebef);--quiet:light-dark(#4a5360,#aab3bf);--line:light-dark(#7d8794,#7d8794);--rule:light-dark(#d5dae1,#39414b);\
--link:light-dark(#1d4f9f,#9cc0ff);--good:light-dark(#14632f,#9be3b0);--bad:light-dark(#8a1c1c,#ffb4b4)}\
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--back);color:var(--text)}\
main{width:min(24rem,100vw - 2rem);margin:1rem 0;padding:clamp(1.25rem,5vw,2rem);border-radius:.75rem;background:var(--card);\
box-shadow:0 .5rem 2rem rgb(0 0 0/.15);overflow-wrap:anywhere}main.wide{width:min(46rem,100vw - 2rem)}\
h1{margin:0 0 1rem;font-size:1.5rem;line-height:1.25}h2{margin:1.75rem 0 .5rem;font-size:1.1rem}p{margin:0 0 1rem}\
a{color:var(--link)}:focus-visible{outline:3px solid var(--link);outline-offset:2px}\
label{display:block;margin-bottom:1rem;font-size:.9rem}\
input{width:100%;margin-top:.25rem;padding:.6rem .7rem;border:1px solid var(--line);border-radius:.4rem;background:var(--card);color:inherit;font:inherit}\
button,a.button{display:block;width:100%;margin-top:.75rem;padding:.65rem;border:1px solid var(--line);border-radius:.4rem;background:none;\
color:inherit;font:inherit;font-weight:600;text-align:center;text-decoration:none;cursor:pointer}\
button:not(.quiet),a.primary{background:#2354a8;border-color:#2354a8;color:#fff}button:hover,a.button:hover{filter:brightness(1.1)}\
.alert{padding:.6rem .7rem;border-inline-start:.3rem solid var(--bad);color:var(--bad)}\
code,pre{font:.85rem/1.45 ui-monospace,monospace}pre{margin:.5rem 0 0;padding:.75rem;border-radius:.4rem;background:var(--back);white-space:pre-wrap}\
dl{margin:0 0 1rem}dt{font-weight:600}dt.failed{color:var(--bad)}dt.skipped,dt.unknown{color:var(--quiet)}dd{margin:0 0 .75rem}\
dd span{display:block;color:var(--quiet);font-size:.9rem}\
.facts{display:grid;grid-template-columns:minmax(7rem,auto) 1fr;gap:.35rem 1rem}.facts dt{font-weight:400;color:var(--quiet)}.facts dd{margin:0}\
.facts dd span,.mark{display:inline;padding:.05rem .5rem;border:1px solid;border-radius:1rem;font-size:.8rem;white-space:nowrap}\
.good,.facts dd .good{color:var(--good)}.bad,.facts dd .bad{color:var(--bad)}.note,small{color:var(--quiet);font-size:.9rem}\
small{display:block;margin-top:1.25rem}ul.plain,ol.plain{margin:0;padding:0;list-style:none}\
.offers li{padding:.6rem 0;border-top:1px solid var(--rule)}.offers a{font-weight:600}.offers p{margin:0;color:var(--quiet);font-size:.9rem}\
.time>li{padding:.6rem 0 .6rem 1rem;border-inline-start:3px solid var(--rule)}.time p{margin:0}\
.time li li{display:flex;flex-wrap:wrap;gap:0 .75rem;padding:.25rem 0;font-size:.85rem}.time li li.exchange{font-weight:600}\
.time b{color:var(--quiet);font-weight:400;font-variant-numeric:tabular-nums}.time li li b:first-child{min-width:5.5rem}\
select,textarea{width:100%;margin-top:.25rem;padding:.55rem .7rem;border:1px solid var(--line);border-radius:.4rem;background:var(--card);color:inherit;font:inherit}\
textarea{font:.85rem/1.45 ui-monospace,monospace}fieldset{min-width:0;margin:1.5rem 0 0;padding:1rem;border:1px solid var(--rule);border-radius:.5rem}\
legend{padding:0 .4rem;font-weight:600}.field{margin-bottom:1.1rem}.field label{margin:0;font-weight:600}.field label em{color:var(--quiet);font-style:normal;font-weight:400}\
.field .alert{margin:.4rem 0 0}.help{margin:.25rem 0 0;color:var(--quiet);font-size:.9rem}.field .field{margin:.75rem 0 0}\
.flag{display:flex;gap:.6rem;align-items:center}.flag input{width:1.1rem;height:1.1rem;margin:0;accent-color:#2354a8}\
[aria-invalid=true]{border-color:var(--bad)}.alert ul{margin:0;padding-inline-start:1.25rem}.edit details .field:first-of-type{margin-top:1rem}\
details{margin-top:.75rem}summary{cursor:pointer;font-weight:600}.actions{margin-top:1.5rem}\
@media(min-width:40rem){.actions{display:flex;gap:.75rem}.actions>*{flex:1}}\
@media(max-width:30rem){.facts{grid-template-columns:1fr;gap:0}.facts dd{margin-bottom:.5rem}}";

/// Drawn in the tab. Where a page names none, browsers ask for one that isn't there.
pub(crate) const ICON: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#2354a8"/><path d="M9 17l5 5 9-12" fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round" stroke-linejoin="round"/></svg>"##;

/// Where it lies, at every server: browsers ask there too for what is no page.
pub(crate) const ICON_PATH: &str = "/favicon.ico";

/// Its media type.
pub(crate) const ICON_TYPE: &str = "image/svg+xml";

/// Languages that are written from right to left, of those that a login page is asked for.
const RIGHT_TO_LEFT: [&str; 4] = ["ar", "fa", "he", "ur"];

/// How much room a page's content has.
#[derive(Clone, Copy)]
pub(crate) enum Width {
    /// A few words, or a form.
    Narrow,
    /// A document.
    Wide,
}

/// A whole page. `body` is HTML already; `title` and `lang` are made safe here. `lang`: of the text, by its tag (RFC 5646).
pub(crate) fn document(title: &str, lang: &str, width: Width, body: &str) -> String {
    let primary = lang.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let direction = if RIGHT_TO_LEFT.contains(&primary.as_str()) { "rtl" } else { "ltr" };
    let (title, lang) = (escape(title), escape(lang));
    let class = match width {
        Width::Narrow => "",
        Width::Wide => " class=\"wide\"",
    };
    format!(
        "<!doctype html>\n<html lang=\"{lang}\" dir=\"{direction}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <link rel=\"icon\" type=\"{ICON_TYPE}\" href=\"{ICON_PATH}\"><style>{STYLE}</style></head>\n\
         <body><main{class}>\n{body}\n</main></body></html>\n"
    )
}

/// What a page may load and where its forms may lead (Content Security Policy Level 3): its own style and icon, no script but
/// those named by `scripts`, and no frame around it. `form_action`: beside its own origin, where redirects after a form may lead.
pub(crate) fn policy(scripts: &[&str], form_action: &str) -> String {
    let style = source(STYLE);
    let scripts: String = scripts.iter().map(|script| format!(" {}", source(script))).collect();
    let scripts = if scripts.is_empty() { String::new() } else { format!("script-src{scripts}; ") };
    format!(
        "default-src 'none'; style-src {style}; img-src 'self'; {scripts}form-action 'self'{form_action}; frame-ancestors 'none'; base-uri 'none'"
    )
}

/// A style or script by its hash (Content Security Policy Level 3, 2.3.1).
fn source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_in_the_direction_of_its_language() {
        for (lang, direction) in
            [("en", "ltr"), ("de-AT", "ltr"), ("ar", "rtl"), ("he-IL", "rtl"), ("AR-eg", "rtl"), ("arn", "ltr")]
        {
            let page = document("", lang, Width::Narrow, "");
            assert!(page.contains(&format!("<html lang=\"{lang}\" dir=\"{direction}\">")), "{page}");
        }
    }

    #[test]
    fn a_policy_names_every_source_and_no_inline_text_by_itself() {
        assert!(!policy(&[], "").contains("script-src"));
        let policy = policy(&["f()"], " https://login.example.com");
        assert!(policy.contains("script-src 'sha256-") && policy.contains("form-action 'self' https://login.example.com;"));
        assert!(!policy.contains("unsafe"));
    }
}
