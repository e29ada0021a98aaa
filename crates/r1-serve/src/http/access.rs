//! Who may ask.

use axum::http::{HeaderMap, Uri, header};

use super::error::ApiError;

/// Whether a request with these headers may be answered: it has the key, if there is one, and comes from no page of another
/// site in somebody's browser, which could otherwise ask a server of this machine whatever it likes.
pub(super) fn check(headers: &HeaderMap, key: Option<&str>) -> Result<(), ApiError> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    if let Some(origin) = text(header::ORIGIN)
        && origin.split_once("://").is_none_or(|(_, authority)| authority != host)
    {
        return Err(ApiError::forbidden("pages of other sites may not ask this server"));
    }
    match key {
        Some(key) => has_key(text(header::AUTHORIZATION).unwrap_or_default(), key),
        // A name that leads here by somebody else's doing is no name of this machine.
        None if is_own(host) => Ok(()),
        None => {
            Err(ApiError::forbidden("without an API key this server is asked as localhost or by its address"))
        }
    }
}

fn has_key(given: &str, key: &str) -> Result<(), ApiError> {
    let given = given.strip_prefix("Bearer ").unwrap_or_default().trim();
    // Every byte is looked at, so that the time tells nothing.
    let differ = key.bytes().zip(given.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b));
    if key.len() == given.len() && differ == 0 { Ok(()) } else { Err(ApiError::unauthorized()) }
}

/// Whether a host is `localhost` or an address.
fn is_own(host: &str) -> bool {
    let host = host.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned)).unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || address.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn allowed(key: Option<&str>, headers: &[(header::HeaderName, &'static str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        check(&headers.collect(), key).is_ok()
    }

    #[test]
    fn pages_of_other_sites_may_not_ask() {
        use header::{AUTHORIZATION, HOST, ORIGIN};
        for host in ["localhost:8000", "127.0.0.1:8000", "127.0.0.1", "[::1]:8000", "LOCALHOST"] {
            assert!(allowed(None, &[(HOST, host)]), "{host}");
        }
        for host in ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8000"] {
            assert!(!allowed(None, &[(HOST, host)]), "{host}");
        }
        let own = (HOST, "localhost:8000");
        assert!(allowed(None, &[own.clone(), (ORIGIN, "http://localhost:8000")]));
        for origin in ["http://evil.example", "http://localhost:3000", "null", "file://"] {
            assert!(!allowed(None, &[own.clone(), (ORIGIN, origin)]), "{origin}");
        }
        let named = (HOST, "models.example");
        assert!(allowed(Some("key"), &[named.clone(), (AUTHORIZATION, "Bearer key")]));
        for given in ["Bearer ke", "Bearer keys", "key", "Bearer kex"] {
            assert!(!allowed(Some("key"), &[named.clone(), (AUTHORIZATION, given)]), "{given}");
        }
        let foreign = [named, (AUTHORIZATION, "Bearer key"), (ORIGIN, "http://evil.example")];
        assert!(!allowed(Some("key"), &foreign));
    }
}
