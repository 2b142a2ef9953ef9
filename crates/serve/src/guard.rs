//! What stands before every handler: who asks, from where, how many at once, how long; and what is counted and told after it.

use crate::clock::Since;
use crate::error::ApiError;
use crate::request::RequestId;
use crate::routes::{Guarding, Route, route_of};
use crate::state::App;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, HOST, HeaderName, HeaderValue, ORIGIN};
use axum::http::{HeaderMap, Response, StatusCode};
use driftgate_model::Digest;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use subtle::ConstantTimeEq as _;
use tower_service::Service as _;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The reference's header for the token.
const ADMIN_TOKEN: HeaderName = HeaderName::from_static("x-admin-token");

/// Answers a request, whatever happens.
pub(crate) async fn handle(app: Arc<App>, mut router: Router, mut request: Request) -> Response<Body> {
    let since = Since::now();
    let id = RequestId::of(request.headers(), || app.workspace.new_id().to_string());
    let route = route_of(request.uri().path());
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(since);
    let admitted = admit(&app, &route, request.headers());
    let mut response = match admitted {
        Err(error) => error.render(&path, &id),
        Ok(()) => {
            let _slot = match slot(&app, &route) {
                Ok(slot) => slot,
                Err(error) => return finish(&app, &route, &id, since, error.render(&path, &id)),
            };
            let call = router.call(request);
            match tokio::time::timeout(app.options.timeout, call).await {
                Ok(Ok(response)) => response,
                Ok(Err(never)) => match never {},
                Err(_) => {
                    let message = format!("the request took longer than {} s", app.options.timeout.as_secs_f64());
                    ApiError::new(StatusCode::REQUEST_TIMEOUT, "timeout", message).render(&path, &id)
                }
            }
        }
    };
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        let allow = response.headers_mut().remove(axum::http::header::ALLOW);
        response = error.render(&path, &id);
        if let Some(allow) = allow {
            response.headers_mut().insert(axum::http::header::ALLOW, allow);
        }
    }
    let response = finish(&app, &route, &id, since, response);
    if app.options.access_log {
        tracing::info!(
            request = id.as_str(),
            %method,
            path,
            status = response.status().as_u16(),
            micros = u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX),
            "request"
        );
    }
    response
}

/// Names the request, and counts it.
fn finish(app: &App, route: &Route, id: &RequestId, since: Since, mut response: Response<Body>) -> Response<Body> {
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    app.metrics.route(route.name, response.status().as_u16());
    app.meter.count(response.status().as_u16(), since.elapsed());
    response
}

/// Refuses a request that comes by a foreign name, from a foreign page, or without the token where one is asked for.
fn admit(app: &App, route: &Route, headers: &HeaderMap) -> Result<(), ApiError> {
    let host = headers.get(HOST).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !is_ours(app, host) {
        let message = "the Host header names another server; start this one with --allow-host NAME to admit it";
        return Err(ApiError::new(StatusCode::MISDIRECTED_REQUEST, "foreign_host", message));
    }
    if let Some(origin) = headers.get(ORIGIN) {
        let text = origin.to_str().unwrap_or_default();
        let named = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        // The very server that was asked, port included: another page on this machine is foreign too.
        if named != Some(host) {
            return Err(ApiError::new(StatusCode::FORBIDDEN, "foreign_origin", "a page of another origin asks"));
        }
    }
    let open = match route.guarding {
        Guarding::Open => true,
        Guarding::Usual => app.options.bind.is_loopback(),
        Guarding::Token => false,
    };
    if open { Ok(()) } else { authorised(&app.token, headers) }
}

/// Whether a `Host` header names this server: an address (a foreign page must use a name), `localhost`, or an allowed name.
fn is_ours(app: &App, host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(address, _)| address),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.parse::<IpAddr>().is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || app.options.hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(name))
}

/// Compares digests in a time that does not depend on where they differ.
fn authorised(token: &Digest, headers: &HeaderMap) -> Result<(), ApiError> {
    let bearer = headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    let given = bearer.or_else(|| headers.get(ADMIN_TOKEN).and_then(|v| v.to_str().ok()));
    let Some(given) = given else {
        let message = "give the token as `Authorization: Bearer TOKEN`";
        return Err(ApiError::new(StatusCode::UNAUTHORIZED, "no_token", message));
    };
    if bool::from(Digest::of(given.as_bytes()).as_bytes().ct_eq(token.as_bytes())) {
        Ok(())
    } else {
        Err(ApiError::new(StatusCode::FORBIDDEN, "wrong_token", "the token is another"))
    }
}

/// One of the places for requests at work.
struct Slot<'a> {
    app: &'a App,
    _permit: tokio::sync::SemaphorePermit<'a>,
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.app.metrics.in_progress.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A place for the request, unless it is one that must be answered always.
fn slot<'a>(app: &'a App, route: &Route) -> Result<Option<Slot<'a>>, ApiError> {
    if !route.bounded {
        return Ok(None);
    }
    match app.slots.try_acquire() {
        Ok(permit) => {
            app.metrics.in_progress.fetch_add(1, Ordering::Relaxed);
            Ok(Some(Slot { app, _permit: permit }))
        }
        Err(_) => {
            let message = format!("{} requests are at work: ask again", app.options.in_flight);
            Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", message))
        }
    }
}
