//! The document of the API as a page shows it: read from the document itself.

use madoguchi_core::access::Permission;
use serde_json::{Map, Value};

/// Operations about one thing.
pub(super) struct Group {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) operations: Vec<Operation>,
}

pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) summary: String,
    pub(super) about: String,
    /// The permission that a token needs: what screens call it.
    pub(super) scope: Option<&'static str>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<Body>,
    pub(super) answers: Vec<Answer>,
}

pub(super) struct Parameter {
    pub(super) name: String,
    /// Where it stands.
    pub(super) place: &'static str,
    pub(super) required: bool,
    pub(super) about: String,
}

pub(super) struct Body {
    pub(super) kind: Kind,
    pub(super) example: String,
}

pub(super) struct Answer {
    pub(super) status: String,
    pub(super) about: String,
    pub(super) kind: Kind,
    pub(super) has_etag: bool,
}

/// The kind of a value, with the schema that tells more of it.
#[derive(Default)]
pub(super) struct Kind {
    pub(super) text: String,
    pub(super) schema: Option<String>,
}

/// A schema: its fields, or the texts that it may be.
pub(super) struct Schema {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) kind: Kind,
    pub(super) fields: Vec<Field>,
    pub(super) choices: Vec<String>,
}

pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) about: String,
    pub(super) choices: String,
}

fn text(value: &Value, name: &str) -> String {
    let text = value.get(name).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

fn items<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn entries<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    let object = value.get(name).and_then(Value::as_object);
    object.into_iter().flat_map(Map::iter)
}

/// The operations by group, in the order of the groups.
pub(super) fn groups(document: &Value) -> Vec<Group> {
    let all = entries(document, "paths").flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flat_map(Map::iter);
        methods.map(move |(method, told)| (path, method, told))
    });
    let all: Vec<_> = all.collect();
    let groups = items(document, "tags").map(|tag| {
        let name = text(tag, "name");
        let own = all.iter().filter(|(_, _, told)| {
            items(told, "tags").any(|tag| tag.as_str() == Some(name.as_str()))
        });
        Group {
            operations: own
                .map(|(path, method, told)| operation(path, method, told))
                .collect(),
            about: text(tag, "description"),
            name,
        }
    });
    groups.collect()
}

fn operation(path: &str, method: &str, told: &Value) -> Operation {
    let scope = items(told, "security")
        .flat_map(|needed| needed.as_object().into_iter().flat_map(Map::values))
        .filter_map(Value::as_array)
        .flatten()
        .find_map(Value::as_str);
    Operation {
        id: text(told, "operationId"),
        method: method.to_ascii_uppercase(),
        path: path.to_owned(),
        summary: text(told, "summary"),
        about: text(told, "description"),
        scope: scope.and_then(Permission::lookup).map(Permission::label),
        parameters: items(told, "parameters").map(parameter).collect(),
        body: told.get("requestBody").map(|body| {
            let content = content(body);
            Body {
                kind: content
                    .and_then(|it| it.get("schema"))
                    .map(kind)
                    .unwrap_or_default(),
                example: content
                    .and_then(|it| it.get("example"))
                    .and_then(|example| serde_json::to_string_pretty(example).ok())
                    .unwrap_or_default(),
            }
        }),
        answers: entries(told, "responses").map(answer).collect(),
    }
}

fn content(value: &Value) -> Option<&Value> {
    value.get("content")?.get("application/json")
}

fn parameter(told: &Value) -> Parameter {
    Parameter {
        name: text(told, "name"),
        place: match text(told, "in").as_str() {
            "path" => "パス",
            "header" => "見出し",
            _ => "クエリ",
        },
        required: told.get("required").and_then(Value::as_bool) == Some(true),
        about: text(told, "description"),
    }
}

fn answer((status, told): (&String, &Value)) -> Answer {
    let schema = content(told).and_then(|it| it.get("schema"));
    Answer {
        status: status.clone(),
        about: text(told, "description"),
        kind: schema.map(kind).unwrap_or_default(),
        has_etag: entries(told, "headers").any(|(name, _)| name == "ETag"),
    }
}

/// What a schema is, in words.
fn kind(schema: &Value) -> Kind {
    if let Some(place) = schema.get("$ref").and_then(Value::as_str) {
        let name = place.rsplit('/').next().unwrap_or_default().to_owned();
        return Kind {
            text: name.clone(),
            schema: Some(name),
        };
    }
    let other = items(schema, "oneOf").find(|one| text(one, "type") != "null");
    if let Some(other) = other.filter(|_| schema.get("properties").is_none()) {
        let is_optional = items(schema, "oneOf").any(|one| text(one, "type") == "null");
        let mut kind = kind(other);
        if is_optional {
            kind.text += "、またはnull";
        }
        return kind;
    }
    let mut names: Vec<&str> = items(schema, "type").filter_map(Value::as_str).collect();
    names.extend(schema.get("type").and_then(Value::as_str));
    let mut found = Kind::default();
    for name in names {
        let word = match name {
            "string" if text(schema, "format") == "date" => "日付",
            "string" => "文字列",
            "integer" => "整数",
            "number" => "数",
            "boolean" => "true・false",
            "null" => "null",
            "array" => {
                let of = schema.get("items").map(kind).unwrap_or_default();
                found.schema = of.schema;
                found.text += &of.text;
                "の並び"
            }
            _ => "オブジェクト",
        };
        if name == "null" && !found.text.is_empty() {
            found.text += "、または";
        }
        found.text += word;
    }
    found
}

/// The schemas that others name.
pub(super) fn schemas(document: &Value) -> Vec<Schema> {
    let components = document.get("components").unwrap_or(&Value::Null);
    let all = entries(components, "schemas").map(|(name, schema)| {
        let mut fields = Vec::new();
        let mut choices = Vec::new();
        gather(schema, &mut fields, &mut choices);
        Schema {
            name: name.clone(),
            about: text(schema, "description"),
            kind: kind(schema),
            fields,
            choices,
        }
    });
    all.collect()
}

/// The fields of an object and of all that it may be or is made of.
fn gather(schema: &Value, fields: &mut Vec<Field>, choices: &mut Vec<String>) {
    for (name, value) in entries(schema, "properties") {
        if let Some(known) = fields.iter_mut().find(|field| field.name == *name) {
            join(&mut known.choices, &texts(value));
            continue;
        }
        fields.push(Field {
            name: name.clone(),
            kind: kind(value),
            about: text(value, "description"),
            choices: texts(value),
        });
    }
    let own = items(schema, "enum").filter_map(Value::as_str);
    choices.extend(own.map(str::to_owned));
    for part in ["allOf", "oneOf"] {
        for one in items(schema, part) {
            if let Some(place) = one.get("$ref").and_then(Value::as_str) {
                let name = place.rsplit('/').next().unwrap_or_default();
                fields.push(Field {
                    name: String::new(),
                    kind: kind(one),
                    about: format!("{name}の項目も含みます。"),
                    choices: String::new(),
                });
            }
            gather(one, fields, choices);
        }
    }
}

/// The texts that a value may be.
fn texts(value: &Value) -> String {
    let texts = items(value, "enum").filter_map(Value::as_str);
    texts.collect::<Vec<_>>().join("、")
}

fn join(known: &mut String, more: &str) {
    if !more.is_empty() && !known.split('、').any(|one| one == more) {
        if !known.is_empty() {
            known.push('、');
        }
        known.push_str(more);
    }
}
