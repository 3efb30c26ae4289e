//! 部署の案内先 on screens: whom callers are referred to.

use madoguchi_core::access::{HandleTickets, ManageDesk};
use madoguchi_core::audit::Action;
use madoguchi_core::department::{
    DEPARTMENT, DEPARTMENT_NAME_LETTERS, DEPARTMENT_TEXT_LETTERS, Department,
};
use madoguchi_core::setup::FieldError;

use crate::auth::routes::Routes;
use crate::feature::Feature;
use crate::kit::export;
use crate::kit::field::{Field, access};
use crate::kit::record::{Context, Effect, Record, Removable, Screen, audit_fields};
use crate::kit::record_routes;

pub(crate) const FEATURE: Feature = Feature::new(routes).audit(&[audit_fields::<Department>]);

fn routes() -> Routes {
    record_routes!(
        removable Department, list: "/admin/desk/departments", one: "/admin/desk/department"
    )
    .get(
        "/api/v1/departments",
        export::items::<Department, HandleTickets>,
    )
    .described(|web| export::described::<Department>(web, "listDepartments"))
}

type F<'c> = Field<'c, Department>;

impl Record for Department {
    type Permit = ManageDesk;

    const SCREEN: Screen = Screen {
        kind: DEPARTMENT,
        action: Action::DepartmentChange,
        effect: Effect::Stored,
        label: "部署の案内先",
        not_found: "この案内先",
        about: "窓口の担当ではない用件の人に案内する部署です。",
        list: "/admin/desk/departments",
        one: "/admin/desk/department",
        ..Screen::DESK
    };

    fn fields<'c>(_: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        let name = format!("{DEPARTMENT_NAME_LETTERS}文字以内");
        let text = format!("{DEPARTMENT_TEXT_LETTERS}文字以内");
        vec![
            F::text("name", "部署", access!(name))
                .hint(name.clone())
                .required()
                .listed(),
            F::area("answers", "受け付ける用件", access!(answers))
                .hint(text.clone())
                .required()
                .listed(),
            F::text("number", "案内する電話番号", access!(number))
                .hint(name.clone())
                .required()
                .listed(),
            F::text("hours", "受付時間(省略可)", access!(hours))
                .short("受付時間")
                .hint(name)
                .listed(),
            F::area("note", "備考(省略可)", access!(note))
                .short("備考")
                .hint(format!("窓口の中だけで使います。{text}")),
        ]
    }

    fn blank(_: &Context<'_>) -> Self {
        Self::default()
    }

    fn title(&self, _: &Context<'_>) -> String {
        self.name.clone()
    }

    fn check(&self, _: Option<&Self>, _: &Context<'_>) -> Vec<FieldError> {
        self.faults()
    }

    fn can_remove(&self) -> bool {
        true
    }
}

impl Removable for Department {
    fn consequences(&self, _: &Context<'_>) -> Vec<String> {
        vec!["案内先の一覧に表示しなくなります。".to_owned()]
    }
}
