//! 分類

use super::*;

const LIST: &str = "/admin/desk/categories";

/// The id of a category.
fn id_of(house: &House, name: &str) -> String {
    let setup = house.desk.setup();
    let found = setup
        .categories
        .tree()
        .into_iter()
        .find(|(_, one)| one.name == name);
    found.expect(name).0.to_string()
}

/// The names of all that are offered, in order.
fn offered(house: &House) -> Vec<String> {
    let setup = house.desk.setup();
    let tree = setup.categories.tree().into_iter();
    let offered = tree.filter(|(_, one)| !setup.categories.is_retired(one));
    offered.map(|(_, one)| one.name.clone()).collect()
}

async fn add(house: &House, name: &str, parent: &str) -> String {
    let body = form(&[("name", name), ("parent", parent)]);
    house.take(&format!("{LIST}/new"), &body).await;
    id_of(house, name)
}

#[tokio::test]
async fn 表3_1_1_a_desk_begins_with_the_twelve_functions() {
    let house = house().await;
    let html = house.page(LIST).await;
    let first = html.find("給与・人事").unwrap();
    assert!(first < html.find("手形").unwrap());
    assert_eq!(offered(&house).len(), 12);
    let path = "/admin/desk/category/f08";
    assert!(house.page(path).await.contains("ポータル・決裁"));
    house
        .take(path, "name=%E3%83%9D%E3%83%BC%E3%82%BF%E3%83%AB&version=0")
        .await;
    assert_eq!(offered(&house)[7], "ポータル");
    house
        .take(&format!("{path}/restore"), "version=0&replaces=1")
        .await;
    assert_eq!(offered(&house)[7], "ポータル・決裁");
}

#[tokio::test]
async fn categories_are_added_below_others_and_moved() {
    let house = house().await;
    let late = add(&house, "年末調整", "f01").await;
    add(&house, "給与明細", "f01").await;
    assert_eq!(offered(&house)[1..3], ["年末調整", "給与明細"]);
    house
        .take(&format!("/admin/desk/category/{late}/move"), "to=down")
        .await;
    assert_eq!(offered(&house)[1..3], ["給与明細", "年末調整"]);
    let (status, ..) = house
        .send_form(&format!("/admin/desk/category/{late}/move"), "to=down")
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND, "it is the last");
    house.take("/admin/desk/category/f02/move", "to=up").await;
    assert_eq!(offered(&house)[0], "会計・予算");
    for (body, told) in [
        (
            form(&[("name", "年末調整"), ("parent", "f01")]),
            "同じ名前の分類があります",
        ),
        (
            form(&[("name", "三段目"), ("parent", &late)]),
            "上位の分類を選び直してください",
        ),
        (form(&[("name", "")]), "入力してください"),
    ] {
        let html = house.refuse(&format!("{LIST}/new"), &body).await;
        assert!(html.contains(told), "{told}");
    }
}

#[tokio::test]
async fn a_category_is_retired_with_those_below_it_and_kept() {
    let house = house().await;
    let lower = add(&house, "年末調整", "f01").await;
    let path = "/admin/desk/category/f01";
    let ask = house.page(&format!("{path}/remove")).await;
    assert!(
        ask.contains("廃止しますか") && ask.contains("次の下位の分類も選べなくなります: 年末調整")
    );
    house.take(&format!("{path}/remove"), "version=0").await;
    assert_eq!(offered(&house).len(), 11);
    let html = house.page(LIST).await;
    assert!(html.contains("廃止した分類") && html.contains("年末調整"));
    let html = house.page(&format!("/admin/desk/category/{lower}")).await;
    assert!(html.contains("上位の分類が廃止されているため"));
    let (status, ..) = house
        .send_form(&format!("{path}/remove"), "version=1")
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND, "it is retired already");
    house.take(&format!("{path}/revive"), "version=1").await;
    assert_eq!(offered(&house).len(), 13);
    let history = house.page(path).await;
    assert!(history.contains("状態：廃止 → 使用中"), "{history}");
}

#[tokio::test]
async fn two_people_do_not_overwrite_each_others_categories() {
    let house = house().await;
    let path = "/admin/desk/category/f01";
    house.take(path, "name=a&version=0").await;
    for (path, body) in [
        (path.to_owned(), "name=b&version=0"),
        (format!("{path}/remove"), "version=0"),
        (format!("{path}/revive"), "version=0"),
    ] {
        let (status, ..) = house.send_form(&path, body).await;
        assert_eq!(status, StatusCode::CONFLICT, "{path}");
    }
}
