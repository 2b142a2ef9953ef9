//! The prediction server: the versions in Production behind a local endpoint.
//!
//! [`run`] listens until it is told to stop. It holds an immutable snapshot of what is in Production, exchanged when the ledger
//! says so; every answer goes through the model's stored transform, says which version gave it, and is kept in a log off the
//! request's path. Three dialects share one way in: the reference's endpoints, the Open Inference Protocol v2, and MLflow's
//! scoring protocol.
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod admin;
mod answer;
mod clock;
mod error;
mod guard;
mod json;
mod log;
mod meter;
mod metrics;
mod mlflow;
mod multipart;
mod oip;
mod oip_image;
mod oip_tensor;
mod openapi;
mod options;
mod pages;
mod pictures;
mod predict;
mod request;
mod routes;
mod server;
mod state;

pub use meter::Measured;
pub use openapi::openapi;
pub use options::{Auth, ServeOptions};
pub use server::{Live, ServeError, Served, Started, run};
