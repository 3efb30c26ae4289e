//! 分類: the categories of 問合せ, a tree of two levels. They are never removed, only retired, for
//! records name them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::fault::{FieldError, entered_name};
use crate::id::CategoryId;

/// The kind of [`Category`] in the store; its id never changes and is never used again.
pub const CATEGORY: &str = "category";

/// The longest name of a category.
pub const CATEGORY_NAME_LETTERS: usize = 40;

/// The longest note.
pub const CATEGORY_NOTE_LETTERS: usize = 200;

/// 表 3.1-1: the categories that a desk begins with, as staff say it and as the table names them.
const FUNCTIONS: [(&str, &str); 12] = [
    ("給与・人事", "人事給与業務処理機能"),
    ("会計・予算", "財務会計業務処理機能"),
    ("庶務の申請", "庶務申請業務処理機能"),
    ("勤務・休暇", "勤務管理業務処理機能"),
    ("人事評価", "人事評価業務処理機能"),
    ("異動の意向調査", "意向調査業務処理機能"),
    ("マイナンバー", "番号管理業務処理機能"),
    ("ポータル・決裁", "ポータル/電子決裁業務処理機能"),
    ("旅費・出張", "旅費申請業務処理機能"),
    ("経費の立替・支払", "経費申請業務処理機能"),
    ("債権", "債権管理業務処理機能"),
    ("手形", "手形管理業務処理機能"),
];

/// Between the orders of two neighbours.
const STEP: i32 = 10;

/// A category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// The name.
    pub name: String,
    /// The category it belongs to; `None` for one of the upper level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<CategoryId>,
    /// The smaller, the higher up among those of the same parent.
    pub order: i32,
    /// It is not offered any more; records keep it.
    #[serde(default)]
    pub retired: bool,
    /// What it is for, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Category {
    /// What is wrong with the category by itself.
    pub fn faults(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        faults.extend(entered_name("name", &self.name, CATEGORY_NAME_LETTERS));
        if self.note.chars().count() > CATEGORY_NOTE_LETTERS {
            let message = format!("{CATEGORY_NOTE_LETTERS}文字以内で入力してください");
            faults.push(FieldError::new("note", message));
        }
        faults
    }
}

/// All categories by id: those that a desk begins with, and what was changed of them and added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Categories(BTreeMap<CategoryId, Category>);

impl Default for Categories {
    fn default() -> Self {
        let functions = (1..).zip(FUNCTIONS).map(|(n, (name, function))| {
            let category = Category {
                name: name.to_owned(),
                parent: None,
                order: n * STEP,
                retired: false,
                note: function.to_owned(),
            };
            (CategoryId::new(format!("f{n:02}")), category)
        });
        Self(functions.collect())
    }
}

impl Categories {
    /// The category of this id.
    pub fn get(&self, id: &CategoryId) -> Option<&Category> {
        self.0.get(id)
    }

    /// Sets a category in place of the one before.
    pub fn set(&mut self, id: CategoryId, category: Category) {
        self.0.insert(id, category);
    }

    /// Those that belong to `parent`, in their order; `None` for the upper level.
    pub fn under(&self, parent: Option<&CategoryId>) -> Vec<(&CategoryId, &Category)> {
        let theirs = self
            .0
            .iter()
            .filter(|(_, category)| category.parent.as_ref() == parent);
        let mut theirs: Vec<_> = theirs.collect();
        theirs.sort_by_key(|(id, category)| (category.order, *id));
        theirs
    }

    /// All in the order of the tree: each of the upper level, and after it those that belong to it.
    pub fn tree(&self) -> Vec<(&CategoryId, &Category)> {
        let mut all = Vec::new();
        for (id, category) in self.under(None) {
            all.push((id, category));
            all.extend(self.under(Some(id)));
        }
        all
    }

    /// Whether the category is not offered any more, by itself or with the one it belongs to.
    pub fn is_retired(&self, category: &Category) -> bool {
        let parent = category.parent.as_ref().and_then(|id| self.get(id));
        category.retired || parent.is_some_and(|parent| parent.retired)
    }

    /// The order of one that comes after all others of `parent`.
    pub fn last_order(&self, parent: Option<&CategoryId>) -> i32 {
        let last = self.under(parent).last().map(|(_, last)| last.order);
        last.unwrap_or(0).saturating_add(STEP)
    }

    /// What changes when a category trades places with the one above it or below it.
    pub fn moved(&self, id: &CategoryId, up: bool) -> Vec<(CategoryId, Category)> {
        let Some(category) = self.get(id) else {
            return Vec::new();
        };
        let mut row = self.under(category.parent.as_ref());
        let Some(at) = row.iter().position(|(other, _)| *other == id) else {
            return Vec::new();
        };
        let other = if up { at.checked_sub(1) } else { Some(at + 1) };
        let Some(other) = other.filter(|other| *other < row.len()) else {
            return Vec::new();
        };
        row.swap(at, other);
        let numbered = (1..).zip(row).map(|(n, (id, category))| {
            let category = Category {
                order: n * STEP,
                ..category.clone()
            };
            (id.clone(), category)
        });
        numbered
            .filter(|(id, category)| self.get(id) != Some(category))
            .collect()
    }

    /// What is wrong with a category among the others.
    pub fn faults(&self, id: &CategoryId, category: &Category) -> Vec<FieldError> {
        let mut faults = category.faults();
        let parent = category.parent.as_ref();
        let same =
            |(other, found): &(&CategoryId, &Category)| *other != id && found.name == category.name;
        if self.under(parent).iter().any(same) {
            let message = "同じ名前の分類があります。ほかの名前にしてください";
            faults.push(FieldError::new("name", message));
        }
        let Some(parent) = parent else { return faults };
        let upper = self.get(parent).is_some_and(|found| found.parent.is_none());
        if !upper || parent == id {
            faults.push(FieldError::new("parent", "上位の分類を選び直してください"));
        } else if !self.under(Some(id)).is_empty() {
            let message = "下位の分類を持つ分類は、ほかの分類の下に移せません";
            faults.push(FieldError::new("parent", message));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn category(name: &str, parent: Option<&str>, order: i32) -> Category {
        Category {
            name: name.to_owned(),
            parent: parent.map(CategoryId::from),
            order,
            retired: false,
            note: String::new(),
        }
    }

    fn names<'a>(all: &[(&'a CategoryId, &'a Category)]) -> Vec<&'a str> {
        all.iter()
            .map(|(_, category)| category.name.as_str())
            .collect()
    }

    #[test]
    fn 表3_1_1_a_desk_begins_with_twelve_functions() {
        let categories = Categories::default();
        let tree = categories.tree();
        assert_eq!(tree.len(), 12);
        assert_eq!(
            tree[0],
            (&"f01".into(), categories.get(&"f01".into()).unwrap())
        );
        assert_eq!(tree[7].1.name, "ポータル・決裁");
        assert_eq!(tree[11].1.name, "手形");
    }

    #[test]
    fn the_tree_has_two_levels_and_keeps_its_order() {
        let mut categories = Categories::default();
        categories.set("x".into(), category("年末調整", Some("f01"), 20));
        categories.set("y".into(), category("給与明細", Some("f01"), 10));
        let first: Vec<_> = names(&categories.tree()).into_iter().take(4).collect();
        assert_eq!(first, ["給与・人事", "給与明細", "年末調整", "会計・予算"]);
        assert_eq!(categories.last_order(Some(&"f01".into())), 30);
        let moved = categories.moved(&"x".into(), true);
        let orders: Vec<_> = moved
            .iter()
            .map(|(id, one)| (id.as_str(), one.order))
            .collect();
        assert_eq!(orders, [("x", 10), ("y", 20)]);
        assert_eq!(categories.moved(&"y".into(), true), []);
        assert_eq!(categories.moved(&"x".into(), false), []);
        assert_eq!(categories.moved(&"none".into(), false), []);
    }

    #[test]
    fn what_belongs_to_a_retired_category_is_retired_with_it() {
        let mut categories = Categories::default();
        categories.set("x".into(), category("年末調整", Some("f01"), 10));
        let upper = Category {
            retired: true,
            ..categories.get(&"f01".into()).unwrap().clone()
        };
        categories.set("f01".into(), upper);
        assert!(categories.is_retired(categories.get(&"x".into()).unwrap()));
        assert!(!categories.is_retired(categories.get(&"f02".into()).unwrap()));
        assert_eq!(categories.tree().len(), 13, "it is kept");
    }

    #[test]
    fn faults_among_the_others_are_told_at_their_fields() {
        let mut categories = Categories::default();
        categories.set("x".into(), category("年末調整", Some("f01"), 10));
        let fields = |id: &str, one: Category| -> Vec<String> {
            let faults = categories.faults(&id.into(), &one);
            faults.into_iter().map(|fault| fault.field).collect()
        };
        assert!(fields("n", category("旅費", None, 0)).is_empty());
        assert_eq!(fields("n", category("年末調整", Some("f01"), 0)), ["name"]);
        assert!(fields("n", category("年末調整", Some("f02"), 0)).is_empty());
        assert_eq!(fields("n", category("三段目", Some("x"), 0)), ["parent"]);
        assert_eq!(fields("f01", category("人事", Some("f02"), 0)), ["parent"]);
        assert_eq!(fields("f02", category("財務", Some("f02"), 0)), ["parent"]);
        assert_eq!(fields("n", category(" ", Some("none"), 0)), ["parent"]);
    }
}
