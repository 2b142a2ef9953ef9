//! The bridge to the engine: commands with JSON answers, and the channel of events.

use crate::tree;
use driftgate_model::Code;
use driftgate_model::views::{Failure, WindowEvent};
use js_sys::{JSON, Object, Reflect, Uint8Array};
use serde::de::DeserializeOwned;
use serde_json::Value;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["window", "__TAURI__", "core"], js_name = invoke, catch)]
    async fn invoke(command: &str, arguments: &JsValue, options: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = ["window", "__TAURI__", "core"])]
    type Channel;
    #[wasm_bindgen(constructor, js_namespace = ["window", "__TAURI__", "core"])]
    fn new() -> Channel;
    #[wasm_bindgen(method, setter)]
    fn set_onmessage(this: &Channel, handler: &JsValue);
}

/// What is asked of the engine: a command and its arguments, an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// The command's name.
    pub command: &'static str,
    /// Its arguments by name.
    pub arguments: Value,
}

/// A command with its arguments.
pub fn ask(command: &'static str, arguments: Value) -> Ask {
    Ask { command, arguments }
}

/// Asks and reads the answer.
pub async fn call<T: DeserializeOwned>(ask: &Ask) -> Result<T, Failure> {
    let arguments = JSON::parse(&ask.arguments.to_string()).map_err(|e| broken(ask.command, &e))?;
    let answer = invoke(ask.command, &arguments, &JsValue::UNDEFINED).await.map_err(|e| failure(ask.command, &e))?;
    read(ask.command, &answer)
}

/// Asks for bytes that are no JSON: a picture.
pub async fn bytes(ask: &Ask) -> Result<Uint8Array, Failure> {
    let arguments = JSON::parse(&ask.arguments.to_string()).map_err(|e| broken(ask.command, &e))?;
    let answer = invoke(ask.command, &arguments, &JsValue::UNDEFINED).await.map_err(|e| failure(ask.command, &e))?;
    Ok(Uint8Array::new(&answer))
}

/// Sends raw bytes with texts beside them, which travel as headers.
pub async fn send(command: &'static str, bytes: &[u8], beside: &[(&str, String)]) -> Result<(), Failure> {
    let headers = Object::new();
    for (name, value) in beside {
        // Headers hold ASCII only.
        let value = String::from(js_sys::encode_uri_component(value));
        Reflect::set(&headers, &JsValue::from_str(name), &JsValue::from_str(&value))
            .map_err(|e| broken(command, &e))?;
    }
    let options = Object::new();
    Reflect::set(&options, &JsValue::from_str("headers"), &headers).map_err(|e| broken(command, &e))?;
    let body = Uint8Array::from(bytes);
    invoke(command, &body, &options).await.map(|_| ()).map_err(|e| failure(command, &e))
}

/// Hears what the engine tells without being asked, for as long as the page lives.
pub async fn subscribe(hear: impl Fn(WindowEvent) + 'static) -> Result<(), Failure> {
    let channel = Channel::new();
    let handler = Closure::<dyn Fn(JsValue)>::new(move |message: JsValue| {
        let text = message.as_string().or_else(|| JSON::stringify(&message).ok().and_then(|t| t.as_string()));
        // An event of a newer engine is passed over: the next answer shows what it was about.
        if let Some(event) = text.and_then(|t| tree::read(t.as_bytes()).ok()) {
            hear(event);
        }
    });
    channel.set_onmessage(handler.as_ref());
    handler.forget();
    let arguments = Object::new();
    Reflect::set(&arguments, &JsValue::from_str("channel"), &channel).map_err(|e| broken("subscribe", &e))?;
    invoke("subscribe", &arguments, &JsValue::UNDEFINED).await.map(|_| ()).map_err(|e| failure("subscribe", &e))
}

fn read<T: DeserializeOwned>(command: &str, answer: &JsValue) -> Result<T, Failure> {
    let bytes = if answer.is_instance_of::<js_sys::ArrayBuffer>() {
        Uint8Array::new(answer).to_vec()
    } else {
        JSON::stringify(answer).ok().and_then(|t| t.as_string()).unwrap_or_else(|| "null".into()).into_bytes()
    };
    tree::read(&bytes).map_err(|e| internal(format!("the answer to `{command}` is not what was expected: {e}")))
}

fn failure(command: &str, error: &JsValue) -> Failure {
    let text = JSON::stringify(error).ok().and_then(|t| t.as_string()).unwrap_or_default();
    tree::read(text.as_bytes()).unwrap_or_else(|_| broken(command, error))
}

fn broken(command: &str, error: &JsValue) -> Failure {
    let why = error.as_string().unwrap_or_else(|| format!("{error:?}"));
    internal(format!("`{command}` could not be asked: {why}"))
}

fn internal(message: String) -> Failure {
    Failure {
        code: Code::Internal,
        message,
        hint: Some("This is a fault of Driftgate; restart it, and report it if it comes back".into()),
    }
}
