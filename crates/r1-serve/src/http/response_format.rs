//! The form that a chat's answer must have.

use serde_json::{Value, json};

use super::{error::ApiError, parameters::Fields};
use crate::grammar::Form;

const FIELD: &str = "response_format";
const FORMS: &str = r#"response_format: expected {"type": "text"}, {"type": "json_object"} or {"type": "json_schema", "json_schema": {"name": .., "schema": {..}}}"#;

/// The form that a request asks for, if it asks for one.
pub(super) fn read(fields: &mut Fields) -> Result<Option<Form>, ApiError> {
    let Some(format) = fields.object(FIELD)? else { return Ok(None) };
    let mut format = Fields::new(format);
    let kind = format.text("type")?;
    let schema = match kind.as_deref() {
        Some("text") => None,
        Some("json_object") => Some(json!({"type": "object"})),
        Some("json_schema") => Some(schema(&mut format)?),
        _ => return Err(refused(FORMS)),
    };
    format.finish().map_err(|_| refused(FORMS))?;
    Ok(schema.map(|schema| Form { lead: String::new(), schema, tail: String::new() }))
}

/// The schema of `json_schema`. It is held to whether `strict` is asked for or not.
fn schema(format: &mut Fields) -> Result<Value, ApiError> {
    let inside = format.object("json_schema").map_err(|_| refused(FORMS))?.ok_or_else(|| refused(FORMS))?;
    let mut inside = Fields::new(inside);
    let wrong = |error: ApiError| refused(&format!("response_format.json_schema: {error}"));
    inside.text("name").map_err(wrong)?;
    inside.text("description").map_err(wrong)?;
    inside.flag("strict").map_err(wrong)?;
    let schema = inside.take("schema");
    inside.finish().map_err(wrong)?;
    match schema {
        None => Ok(json!({"type": "object"})),
        Some(schema @ Value::Object(_)) => Ok(schema),
        Some(_) => Err(refused("response_format.json_schema.schema: expected an object")),
    }
}

/// A schema that cannot be held to.
pub(super) fn unsupported(reason: &str) -> ApiError {
    refused(&format!("response_format.json_schema.schema: {reason}"))
}

fn refused(message: &str) -> ApiError {
    ApiError::bad(message, Some(FIELD))
}
