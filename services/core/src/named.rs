//! Enums whose values have names outside of the program.

pub use utoipa::openapi::{RefOr, Schema};
pub use utoipa::{PartialSchema, ToSchema};

use utoipa::openapi::schema::{ObjectBuilder, Type};

/// What documents of an API tell of such an enum.
pub fn schema(names: impl IntoIterator<Item = &'static str>) -> RefOr<Schema> {
    let schema = ObjectBuilder::new().schema_type(Type::String);
    schema.enum_values(Some(names)).into()
}

/// Declares such an enum: each value with its name in the database, in JSON and in settings, and with
/// what screens call it, if they do. It derives serde, which then knows it by the same names, and so do
/// documents of an API.
#[macro_export]
macro_rules! named {
    (
        $(#[$meta:meta])*
        pub enum $enum:ident {
            $($(#[$doc:meta])* $name:ident = $text:literal $(, $label:literal)?;)+
        }
    ) => {
        $(#[$meta])*
        pub enum $enum {
            $($(#[$doc])* #[serde(rename = $text)] $name,)+
        }

        impl $enum {
            /// All of them, in the order in which they are shown.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$name),+];

            /// The name in the database, in JSON and in settings.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            /// The one of this name.
            pub fn lookup(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|known| known.as_str() == name)
            }
        }

        impl $crate::named::PartialSchema for $enum {
            fn schema() -> $crate::named::RefOr<$crate::named::Schema> {
                $crate::named::schema(Self::ALL.map(Self::as_str))
            }
        }

        impl $crate::named::ToSchema for $enum {}

        $crate::named!(@labels $enum $($name $($label)?;)+);
    };
    (@labels $enum:ident $($name:ident;)+) => {};
    (@labels $enum:ident $($name:ident $label:literal;)+) => {
        impl $enum {
            /// The name on screens.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$name => $label),+ }
            }
        }
    };
}
