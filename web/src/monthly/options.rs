//! Names with labels as what a form offers.

/// Declares the options of a named enum.
macro_rules! options {
    ($name:ident: $type:ty) => {
        #[expect(
            clippy::indexing_slicing,
            reason = "evaluated when the program is built: a fault would not compile"
        )]
        const $name: &$crate::kit::value::Options<$type> = &{
            let mut options = [(<$type>::ALL[0], "", ""); <$type>::ALL.len()];
            let mut at = 0;
            while at < options.len() {
                let one = <$type>::ALL[at];
                options[at] = (one, one.as_str(), one.label());
                at += 1;
            }
            options
        };
    };
}

pub(super) use options;
