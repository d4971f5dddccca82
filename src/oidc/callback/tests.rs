//! Pairs of URLs that are one callback URL, and pairs that are not.

use super::*;
use proptest::prelude::*;

#[test]
fn these_are_one_url() {
    for (redirect_uri, arrived_at) in [
        ("https://a.example/cb", "https://a.example/cb"),
        ("https://a.example/cb", "https://a.example/cb?code=c&state=s"),
        ("https://a.example/cb", "https://a.example/cb?"),
        ("https://a.example/cb", "https://a.example/cb#_=_"),
        ("https://a.example/cb", "https://a.example/cb?code=c#"),
        // Case of scheme and host; the default port.
        ("https://A.Example/cb", "https://a.example/cb"),
        ("https://a.example/cb", "HTTPS://A.EXAMPLE/cb"),
        ("https://a.example:443/cb", "https://a.example/cb"),
        ("https://a.example/cb", "https://a.example:443/cb"),
        ("https://a.example/cb", "https://a.example:/cb"),
        ("http://localhost:80/cb", "http://localhost/cb"),
        ("http://[::1]:8080/cb", "http://[::1]:8080/cb"),
        // An empty path.
        ("https://a.example", "https://a.example/"),
        ("https://a.example", "https://a.example?code=c"),
        ("https://a.example/?x=1", "https://a.example?x=1&code=c"),
        // Escapes: case of hex digits, and of what needs none.
        ("https://a.example/c%3ab", "https://a.example/c%3Ab"),
        ("https://a.example/%7Ecb", "https://a.example/~cb"),
        ("https://a.example/%63b", "https://a.example/cb"),
        ("https://a.example/a%20b", "https://a.example/a%20b"),
        ("https://a.example/100%", "https://a.example/100%"),
        // Dot segments.
        ("https://a.example/x/../cb", "https://a.example/cb"),
        ("https://a.example/./cb", "https://a.example/cb"),
        ("https://a.example/cb/.", "https://a.example/cb/"),
        ("https://a.example/x/%2E%2e/cb", "https://a.example/cb"),
        ("https://a.example/..", "https://a.example/"),
        // Schemes of apps.
        ("myapp://cb", "myapp://cb?code=c&state=s"),
        ("myapp://cb", "myapp://cb/"),
        ("myapp://CB", "MyApp://cb"),
        ("myapp:/cb", "myapp:/cb?code=c"),
        ("myapp:///cb", "myapp:///cb"),
        ("com.example.app:cb", "com.example.app:cb?code=c"),
        // The callback URL's own query.
        ("https://a.example/cb?c=1", "https://a.example/cb?c=1&code=c&state=s"),
        ("https://a.example/cb?c=1", "https://a.example/cb?code=c&c=1"),
        ("https://a.example/cb?c=1", "https://a.example/cb?c=1"),
        ("https://a.example/cb?c=a%20b", "https://a.example/cb?c=a+b&code=c"),
        ("https://a.example/cb?c", "https://a.example/cb?c=&code=c"),
        ("https://a.example/cb?c=1&c=2", "https://a.example/cb?c=1&c=2&code=c"),
        ("https://a.example/cb?c=%7e", "https://a.example/cb?c=~"),
        ("https://a.example/cb?c=%FF", "https://a.example/cb?c=%ff"),
        // What a provider wrote beside it.
        ("myapp://cb", "myapp://cb?error=access_denied&error_description=Accès refusé"),
    ] {
        assert_eq!(judge(redirect_uri, arrived_at), Ok(()), "{redirect_uri} {arrived_at}");
    }
}

#[test]
fn these_are_two() {
    for (redirect_uri, arrived_at) in [
        ("https://a.example/cb", "https://a.example/cb/"),
        ("https://a.example/cb/", "https://a.example/cb"),
        ("https://a.example/cb", "https://a.example/"),
        ("https://a.example/cb", "https://a.example/CB"),
        ("https://a.example/cb", "https://a.example/cb2"),
        ("https://a.example/cb", "https://a.example/c"),
        ("https://a.example/cb", "https://a.example//cb"),
        ("https://a.example/cb", "https://b.example/cb"),
        ("https://a.example/cb", "https://a.example.evil.test/cb"),
        ("https://a.example/cb", "https://evil-a.example/cb"),
        ("https://a.example/cb", "http://a.example/cb"),
        ("https://a.example/cb", "https://a.example:444/cb"),
        ("https://a.example:80/cb", "https://a.example/cb"),
        ("http://a.example:443/cb", "http://a.example/cb"),
        ("https://a.example/cb", "https://user@a.example/cb"),
        ("https://a.example/cb", "https://a.example@evil.test/cb"),
        ("https://a.example/a/b", "https://a.example/a%2Fb"),
        ("https://a.example/a%2Fb", "https://a.example/a/b"),
        ("https://a.example/a%2Fb", "https://a.example/a%252Fb"),
        ("https://a.example/a+b", "https://a.example/a%20b"),
        ("https://a.example/x/cb", "https://a.example/cb"),
        ("https://a.example/cb", "https://a.example/cb/.."),
        ("https://a.example/cb", "https://a.example/cb/x/.."),
        ("https://a.example/cb", "https://a.example/cb;x"),
        ("https://a.example/cb", "https://a.example\\cb"),
        // Schemes of apps: an authority is none, nor the other way round.
        ("myapp://cb", "myapp:/cb"),
        ("myapp:/cb", "myapp://cb"),
        ("myapp:///cb", "myapp:/cb"),
        ("myapp:cb", "myapp:/cb"),
        ("myapp://cb", "otherapp://cb"),
        ("myapp://cb", "myapp://cb2"),
        ("myapp:/cb", "myapp:/cb/"),
        // The callback URL's own query: missing, changed, given twice, or in the body alone.
        ("https://a.example/cb?c=%FF", "https://a.example/cb?c=%FE"),
        ("https://a.example/cb?c=1", "https://a.example/cb?code=c"),
        ("https://a.example/cb?c=1", "https://a.example/cb"),
        ("https://a.example/cb?c=1", "https://a.example/cb?c=2&code=c"),
        ("https://a.example/cb?c=1", "https://a.example/cb?c=1&c=2"),
        ("https://a.example/cb?c=1", "https://a.example/cb?c=1&c=1"),
        ("https://a.example/cb?c=1", "https://a.example/cb?c=2&c=1"),
        ("https://a.example/cb?c=1", "https://a.example/cb?c=1&%63=2"),
        ("https://a.example/cb?c=1", "https://a.example/cb?C=1"),
        ("https://a.example/cb?c=1", "https://a.example/cb#?c=1"),
        ("https://a.example/cb?c=1&c=2", "https://a.example/cb?c=2&c=1"),
        ("https://a.example/cb?c=1&c=2", "https://a.example/cb?c=1"),
        ("https://a.example/cb?c=1&d=2", "https://a.example/cb?c=1"),
    ] {
        assert_eq!(judge(redirect_uri, arrived_at), Err(Rejection::Elsewhere), "{redirect_uri} {arrived_at}");
    }
}

#[test]
fn what_is_no_absolute_url_is_the_hosts_fault() {
    for arrived_at in [
        "",
        "/cb",
        "a.example/cb",
        "//a.example/cb",
        "?code=c",
        "#",
        ":",
        "1a:b",
        "https",
        "https://a.example/ä",
        "https://a.example/a b",
    ] {
        assert_eq!(judge("https://a.example/cb", arrived_at), Err(Rejection::Malformed), "{arrived_at}");
    }
}

proptest! {
    #[test]
    fn any_pair_is_judged(redirect_uri in ".*", arrived_at in ".*") {
        let _ = judge(&redirect_uri, &arrived_at);
    }

    #[test]
    fn a_url_is_itself_whatever_the_response_adds(
        url in "(https|http|myapp)://[a-z]{1,5}(:[0-9]{1,4})?(/[a-z.%0-9~]{0,6}){0,3}(\\?[a-d]=[0-9]{0,2}(&[a-d]=[0-9]{0,2})?)?",
        code in "[0-9]{1,5}",
    ) {
        let separator = if url.contains('?') { '&' } else { '?' };
        prop_assert_eq!(judge(&url, &format!("{url}{separator}code={code}&state=s")), Ok(()));
    }

    #[test]
    fn what_stands_there_as_written_is_there_normalised(
        redirect_uri in "https://[a-z]{1,3}(\\.[a-z0-9-]{1,3}){0,2}(/[a-z.~_-]{0,4}){0,3}",
        rest in "([?#]\\PC{0,10})?",
    ) {
        let arrived_at = [redirect_uri.as_str(), &rest].concat();
        if is_as_written(&redirect_uri, &arrived_at) {
            prop_assert_eq!(judge_normalised(&redirect_uri, &arrived_at), Ok(()));
        }
    }

    /// Whatever the path: another host, scheme or port is elsewhere.
    #[test]
    fn another_origin_is_elsewhere(path in "(/[!-~&&[^?#]]{0,6}){0,3}") {
        for other in ["https://b.example", "http://a.example", "https://a.example:8443"] {
            let judged = judge(&format!("https://a.example{path}"), &format!("{other}{path}"));
            prop_assert_eq!(judged, Err(Rejection::Elsewhere));
        }
    }

    /// What an HTTP router tells apart, this does too: it agrees with the URL parser of browsers wherever that one says
    /// "different".
    #[test]
    fn no_more_is_made_alike_than_browsers_and_the_rfc_do(one in "/[a-c/.]{0,6}", other in "/[a-c/.]{0,6}") {
        let parsed = |path: &str| url::Url::parse(&format!("https://a.example{path}")).unwrap();
        let alike = judge(&format!("https://a.example{one}"), &format!("https://a.example{other}")) == Ok(());
        prop_assert_eq!(alike, parsed(&one) == parsed(&other), "{} {}", one, other);
    }
}
