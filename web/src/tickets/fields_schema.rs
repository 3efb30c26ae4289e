//! The fields of a ticket that a program sets, as the document of the API tells of them.

use madoguchi_core::ticket::{Channel, Impact, Status, System, TicketField, Urgency};
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The fields of a ticket that a program sends: those alone that it sets.
pub(super) struct FieldsSchema;

/// The same with the status.
pub(super) struct ChangeSchema;

impl PartialSchema for FieldsSchema {
    fn schema() -> RefOr<Schema> {
        fields().into()
    }
}

impl ToSchema for FieldsSchema {
    fn name() -> std::borrow::Cow<'static, str> {
        "TicketFieldsToSet".into()
    }
}

impl PartialSchema for ChangeSchema {
    fn schema() -> RefOr<Schema> {
        let settable = [Status::InProgress, Status::Answered, Status::Done];
        let status = text().enum_values(Some(settable.map(Status::as_str)));
        let confirmed = ObjectBuilder::new().schema_type(Type::Boolean);
        fields()
            .property("sensitive_confirmed", confirmed)
            .property("status", status.description(Some("状態")))
            .into()
    }
}

impl ToSchema for ChangeSchema {
    fn name() -> std::borrow::Cow<'static, str> {
        "TicketChange".into()
    }
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn fields() -> ObjectBuilder {
    let all = TicketField::ALL.into_iter();
    let object = all.fold(ObjectBuilder::new(), |object, field| {
        object.property(field.as_str(), field_schema(field))
    });
    object.additional_properties(Some(AdditionalProperties::FreeForm(false)))
}

fn field_schema(field: TicketField) -> RefOr<Schema> {
    let label = Some(field.label());
    let among = |names: Vec<&'static str>| text().enum_values(Some(names));
    let schema = match field {
        TicketField::Channel => among(Channel::ALL.map(Channel::as_str).into()),
        TicketField::System => among(System::ALL.map(System::as_str).into()),
        TicketField::Impact => among(Impact::ALL.map(Impact::as_str).into()),
        TicketField::Urgency => among(Urgency::ALL.map(Urgency::as_str).into()),
        TicketField::Incident | TicketField::Urgent => {
            ObjectBuilder::new().schema_type(Type::Boolean)
        }
        TicketField::WorkMinutes => ObjectBuilder::new().schema_type(Type::Integer),
        field if field.is_set() => {
            let list = ArrayBuilder::new().items(text()).description(label);
            return list.into();
        }
        field => text().max_length(Some(field.letters())),
    };
    schema.description(label).into()
}
