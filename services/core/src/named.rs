//! Enums whose values have names outside of the program.

/// Declares such an enum: each value with its name in the database, in JSON and in settings, and with
/// what screens call it, if they do. It derives serde, which then knows it by the same names.
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
