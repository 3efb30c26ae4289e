//! 窓口の設定 at a glance.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use madoguchi_core::access::ManageDesk;
use madoguchi_core::outbound::OutboundRules;

use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::kit::record::Screen;
use crate::shell::Shell;
use crate::state::Web;

#[derive(Template)]
#[template(path = "desk.html")]
struct OverviewPage {
    shell: Shell,
    parts: Vec<PartRow>,
    /// The names of agents to whom no call comes.
    without_line: String,
}

/// One kind of things.
struct PartRow {
    link: &'static str,
    label: &'static str,
    state: String,
    about: &'static str,
}

pub(super) async fn page(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
) -> Result<Html<String>, WebError> {
    let setup = web.desk.setup();
    let count = |all: usize, by_file: usize, unit: &str| match by_file {
        0 => format!("{all}{unit}"),
        _ => format!("{all}{unit}(設定ファイル {by_file}{unit})"),
    };
    let lines = setup.lines.iter().filter(|line| line.by_file).count();
    let agents = setup.agents.iter().filter(|agent| agent.by_file).count();
    let trunks = setup.trunks.iter().filter(|trunk| trunk.by_file).count();
    let targets = setup.targets;
    let offered = setup.categories.tree().into_iter();
    let offered = offered.filter(|(_, one)| !setup.categories.is_retired(one));
    let parts = vec![
        PartRow {
            link: "/admin/desk/lines",
            label: "回線",
            state: count(setup.lines.len(), lines, "件"),
            about: "利用者がかける番号、待ち行列、呼出しの順",
        },
        PartRow {
            link: "/admin/desk/agents",
            label: "電話機・担当者",
            state: count(setup.agents.len(), agents, "人"),
            about: "電話を受ける人、内線番号、受け持つ回線、電話機のパスワード",
        },
        PartRow {
            link: "/admin/desk/trunks",
            label: "外線",
            state: count(setup.trunks.len(), trunks, "件"),
            about: "電話会社や、ほかの交換機とのつながり",
        },
        PartRow {
            link: "/admin/desk/outbound",
            label: "発信規制",
            state: outbound_state(&setup.outbound.rules()),
            about: "外へ発信できる番号、時間、通話時間の上限",
        },
        PartRow {
            link: "/admin/desk/observe",
            label: "観測の設定",
            state: String::new(),
            about: "今ある交換機の通話をそばで集計するときの、番号とアドレスの意味",
        },
        PartRow {
            link: "/admin/desk/call-table",
            label: "通話の表の列",
            state: String::new(),
            about: "ほかの交換機が書く通話の表を取り込むときの、列の意味",
        },
        PartRow {
            link: "/admin/desk/targets",
            label: "目標値",
            state: format!(
                "応答率{}%、一次回答率{}%、問題解決率{}%",
                targets.answer_rate, targets.first_answer_rate, targets.resolution_rate
            ),
            about: "画面と報告で使う目標、サービスレベル、短時間放棄",
        },
        PartRow {
            link: "/admin/desk/categories",
            label: "分類",
            state: count(offered.count(), 0, "件"),
            about: "問合せの分類",
        },
        PartRow {
            link: "/admin/desk/divisions",
            label: "業務区分",
            state: String::new(),
            about: "別に数える業務、一次回答の期限と時間",
        },
        PartRow {
            link: "/admin/desk/vendors",
            label: "エスカレーション先",
            state: String::new(),
            about: "答えられない問合せを引き継ぐ相手と経路",
        },
        PartRow {
            link: "/admin/desk/departments",
            label: "部署の案内先",
            state: String::new(),
            about: "窓口の担当ではない用件を案内する部署",
        },
    ];
    let without_line = setup.agents_without_line();
    let without_line = without_line.map(|agent| agent.name.as_str());
    let page = OverviewPage {
        shell: Shell::new(&web, Some(&visitor), Screen::DESK.menu.0),
        parts,
        without_line: without_line.collect::<Vec<_>>().join("、"),
    };
    Ok(Html(page.render()?))
}

/// 国際電話、0570を許可
fn outbound_state(rules: &OutboundRules) -> String {
    let usual = &rules.usual;
    let allowed = [
        (usual.premium, "0990"),
        (usual.navi_dial, "0570"),
        (usual.international, "国際電話"),
        (usual.satellite, "衛星電話"),
    ];
    let named = allowed.iter().filter(|(allowed, _)| *allowed);
    let named: Vec<_> = named.map(|(_, name)| *name).collect();
    if named.is_empty() {
        "0990、0570、国際電話、衛星電話を許可しない".to_owned()
    } else {
        format!("{}を許可", named.join("、"))
    }
}
