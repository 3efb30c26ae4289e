//! Where a row has what, by the names in the first row of its file.

use csv::StringRecord;

/// The names of columns in their order.
#[derive(Debug)]
pub(super) struct Names(Vec<String>);

/// Names that one and the same column has in files, in tables and in settings; the first is the one that counts.
const ALIASES: [(&str, &[&str]); 11] = [
    ("src", &["source"]),
    ("dst", &["destination"]),
    ("dstchannel", &["destinationchannel"]),
    ("start", &["calldate", "starttime"]),
    ("answer", &["answertime"]),
    ("end", &["endtime"]),
    ("eventtype", &["eventname"]),
    ("cidnum", &["calleridnum"]),
    ("channame", &["channelname"]),
    ("bridgepeer", &["peer"]),
    ("eventextra", &["extra"]),
];

impl Names {
    /// Of a row that names all of these; of no other.
    pub(super) fn of(row: &StringRecord, needed: &[&str]) -> Option<Self> {
        let names = Self(row.iter().map(name).collect());
        let has_all = needed.iter().all(|name| names.place(name).is_some());
        has_all.then_some(names)
    }

    /// Where the column with this name stands, if there is one.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|known| known == name)
    }
}

/// Of a cell: without signs, in small letters, by the name that counts.
fn name(cell: &str) -> String {
    let letters = cell.chars().filter(|letter| letter.is_alphanumeric());
    let name: String = letters.flat_map(char::to_lowercase).collect();
    let mut known = ALIASES.iter();
    match known.find(|(_, others)| others.contains(&name.as_str())) {
        Some((first, _)) => (*first).to_owned(),
        None => name,
    }
}
