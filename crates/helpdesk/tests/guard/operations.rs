//! The operations of the OpenAPI document, as every guard of it needs them.

use std::sync::OnceLock;

use serde_json::Value;

/// One operation.
pub struct Operation {
    /// The path template.
    pub path: String,
    /// The method in upper case.
    pub method: String,
    /// The operationId; empty where it is missing.
    pub id: String,
    /// What the document says of it.
    pub value: Value,
}

/// The document as the product serves it.
pub fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| serde_json::to_value(kamhub_helpdesk::openapi::document()).unwrap())
}

/// Every operation of the document.
pub fn all() -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, item) in document()["paths"].as_object().unwrap() {
        for (method, value) in item.as_object().unwrap() {
            if !["get", "put", "post", "delete", "patch"].contains(&method.as_str()) {
                continue;
            }
            operations.push(Operation {
                path: path.clone(),
                method: method.to_uppercase(),
                id: value["operationId"].as_str().unwrap_or_default().to_owned(),
                value: value.clone(),
            });
        }
    }
    operations
}

/// Follows `$ref`s.
pub fn resolve(value: &Value) -> &Value {
    let mut value = value;
    while let Some(reference) = value.get("$ref").and_then(Value::as_str) {
        value = document().pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null);
    }
    value
}
