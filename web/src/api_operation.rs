//! What the document of the API says of an operation. It is said where the route is declared, in the
//! terms of the types that the handler reads and writes, so that the two cannot drift apart.

use axum::http::StatusCode;
use madoguchi_core::access::Permission;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{
    Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Required, Response, ResponseBuilder, Schema};

/// How tokens are called in the document.
pub(crate) const TOKEN: &str = "token";
/// The schema of what is answered where something is refused.
pub(crate) const REFUSAL: &str = "Refusal";
const JSON: &str = "application/json";

/// What operations are about: the name of the group and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ApiGroup {
    Tickets,
    People,
    Calls,
    Desk,
    Knowledge,
    Tables,
    Document,
}

impl ApiGroup {
    pub(crate) const ALL: [Self; 7] = [
        Self::Tickets,
        Self::People,
        Self::Calls,
        Self::Desk,
        Self::Knowledge,
        Self::Tables,
        Self::Document,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tickets => "問合せ",
            Self::People => "職員名簿",
            Self::Calls => "通話",
            Self::Desk => "応答状況",
            Self::Knowledge => "ナレッジ",
            Self::Tables => "案内先と定型文",
            Self::Document => "この説明",
        }
    }

    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::Tickets => "問合せと、その応対です。",
            Self::People => "窓口に問い合わせる職員です。",
            Self::Calls => "1件ごとの通話と、期間の集計です。",
            Self::Desk => "いまの応答状況、担当者の状態、受付時間です。",
            Self::Knowledge => "FAQの検索と記事です。",
            Self::Tables => "担当者が使う一覧です。",
            Self::Document => "APIの説明そのものです。",
        }
    }
}

/// An operation, described.
pub(crate) struct ApiOperation {
    id: &'static str,
    group: ApiGroup,
    summary: String,
    about: String,
    parameters: Vec<Parameter>,
    body: Option<RequestBodyBuilder>,
    answers: Vec<(StatusCode, ResponseBuilder)>,
    /// The schemas that it names.
    pub(crate) schemas: Vec<(String, RefOr<Schema>)>,
}

/// A schema by its name, with all that it names in turn.
fn named<T: ToSchema>(schemas: &mut Vec<(String, RefOr<Schema>)>) -> RefOr<Schema> {
    T::schemas(schemas);
    schemas.push((T::name().into_owned(), T::schema()));
    Ref::from_schema_name(T::name()).into()
}

fn kind(kind: Type) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(kind).into()
}

impl ApiOperation {
    /// An operation by a name that no other has.
    pub(crate) fn new(id: &'static str, group: ApiGroup, summary: impl Into<String>) -> Self {
        Self {
            id,
            group,
            summary: summary.into(),
            about: String::new(),
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            schemas: Vec::new(),
        }
    }

    #[must_use]
    pub(crate) fn about(mut self, about: impl Into<String>) -> Self {
        self.about = about.into();
        self
    }

    fn parameter(
        mut self,
        (within, name): (ParameterIn, &str),
        about: &str,
        schema: RefOr<Schema>,
        required: Required,
    ) -> Self {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(within)
            .description(Some(about))
            .required(required)
            .schema(Some(schema));
        self.parameters.push(parameter.build());
        self
    }

    /// A part of the path.
    #[must_use]
    pub(crate) fn part(self, name: &str, about: &str) -> Self {
        let place = (ParameterIn::Path, name);
        self.parameter(place, about, kind(Type::String), Required::True)
    }

    /// A text that may be asked for.
    #[must_use]
    pub(crate) fn query(self, name: &str, about: &str) -> Self {
        let place = (ParameterIn::Query, name);
        self.parameter(place, about, kind(Type::String), Required::False)
    }

    /// One of these that may be asked for.
    #[must_use]
    pub(crate) fn choice<'a>(
        self,
        name: &str,
        about: &str,
        choices: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(choices.into_iter().map(str::to_owned)));
        let place = (ParameterIn::Query, name);
        self.parameter(place, about, schema.into(), Required::False)
    }

    /// A field of the head that must be sent.
    #[must_use]
    pub(crate) fn header(self, name: &str, about: &str) -> Self {
        let place = (ParameterIn::Header, name);
        self.parameter(place, about, kind(Type::String), Required::True)
    }

    /// What must be sent, with an example.
    #[must_use]
    pub(crate) fn takes<T: ToSchema>(mut self, example: Value) -> Self {
        let schema = named::<T>(&mut self.schemas);
        let content = ContentBuilder::new()
            .schema(Some(schema))
            .example(Some(example));
        let body = RequestBodyBuilder::new()
            .content(JSON, content.build())
            .required(Some(Required::True));
        self.body = Some(body);
        self
    }

    fn answer(mut self, status: StatusCode, about: &str, schema: RefOr<Schema>) -> Self {
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let answer = ResponseBuilder::new()
            .description(about)
            .content(JSON, content);
        self.answers.push((status, answer));
        self
    }

    /// What is answered.
    #[must_use]
    pub(crate) fn gives<T: ToSchema>(mut self, status: StatusCode, about: &str) -> Self {
        let schema = named::<T>(&mut self.schemas);
        self.answer(status, about, schema)
    }

    /// That a list is answered.
    #[must_use]
    pub(crate) fn gives_list<T: ToSchema>(mut self, about: &str) -> Self {
        let schema = named::<T>(&mut self.schemas);
        let list = ArrayBuilder::new().items(schema);
        self.answer(StatusCode::OK, about, list.into())
    }

    /// That something is answered whose shape is known here alone.
    #[must_use]
    pub(crate) fn gives_object(self, about: &str, schema: impl Into<RefOr<Schema>>) -> Self {
        self.answer(StatusCode::OK, about, schema.into())
    }

    /// That the last answer has an ETag.
    #[must_use]
    pub(crate) fn with_etag(mut self) -> Self {
        if let Some((status, answer)) = self.answers.pop() {
            let mut etag = Header::new(kind(Type::String));
            etag.description =
                Some("問合せの版。変更するときに、If-Matchに指定します。".to_owned());
            self.answers.push((status, answer.header("ETag", etag)));
        }
        self
    }

    /// That something is refused.
    #[must_use]
    pub(crate) fn refuses(self, status: StatusCode, about: &str) -> Self {
        if self.answers.iter().any(|(known, _)| *known == status) {
            return self;
        }
        self.answer(status, about, Ref::from_schema_name(REFUSAL).into())
    }

    /// The same with what holds of every operation that needs this.
    #[must_use]
    pub(crate) fn needing(mut self, scope: Option<Permission>) -> Self {
        let within = |place: &ParameterIn| {
            let mut all = self.parameters.iter();
            all.any(|parameter| parameter.parameter_in == *place)
        };
        let is_found = within(&ParameterIn::Path);
        if self.body.is_some() || within(&ParameterIn::Query) {
            self = self.refuses(StatusCode::BAD_REQUEST, "指定に誤りがあります。");
        }
        if scope.is_some() {
            let about = "トークンがないか、期限が切れているか、失効しています。";
            self = self.refuses(StatusCode::UNAUTHORIZED, about);
            let about = "トークンに必要な権限がありません。";
            self = self.refuses(StatusCode::FORBIDDEN, about);
        }
        if is_found {
            self = self.refuses(StatusCode::NOT_FOUND, "見つかりません。");
        }
        let about = "短い時間に多くの要求がありました。少し待ってから、もう一度送ってください。";
        self = self.refuses(StatusCode::TOO_MANY_REQUESTS, about);
        if scope.is_some() {
            let about = "データベースに接続できません。";
            self = self.refuses(StatusCode::SERVICE_UNAVAILABLE, about);
        }
        self
    }

    pub(crate) fn build(self, scope: Option<Permission>) -> Operation {
        let mut operation = OperationBuilder::new()
            .operation_id(Some(self.id))
            .tag(self.group.name())
            .summary(Some(self.summary))
            .parameters(Some(self.parameters))
            .request_body(self.body.map(RequestBodyBuilder::build));
        if !self.about.is_empty() {
            operation = operation.description(Some(self.about));
        }
        for (status, answer) in self.answers {
            let answer: Response = answer.build();
            operation = operation.response(status.as_str(), answer);
        }
        // An empty list says that nothing is needed.
        let needed = match scope {
            Some(scope) => vec![SecurityRequirement::new(TOKEN, [scope.as_str()])],
            None => Vec::new(),
        };
        operation.securities(Some(needed)).build()
    }
}
