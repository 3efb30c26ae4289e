//! What schemas and their fields are called in the document. The types say what they are in the language
//! of the code; whoever reads the document is told in theirs.

use serde_json::{Map, Value};

/// What the API is, as the document begins.
pub(super) const ABOUT: &str = "窓口の記録を、ほかのプログラムから読み書きします。\n要求には、見出しAuthorizationに「Bearer トークン」を付けます。\n誤りがあるときは、状態コードと、理由を書いたerrorを返します。";

const SCHEMAS: &[(&str, &str)] = &[
    ("Analysis", "アプリケーション機能分析"),
    ("AgentFigures", "担当者ごとの件数と時間"),
    ("AgentPart", "通話のうち、1人の担当者が話した部分"),
    ("AgentView", "担当者のいまの状態"),
    ("Article", "FAQの記事"),
    ("Board", "いまの応答状況"),
    ("Call", "1件の通話"),
    ("CallEvent", "通話の中で起きたこと"),
    ("CallPage", "通話の一覧の1ページ"),
    ("CallRecord", "通話"),
    ("Contact", "応対"),
    ("ContactPage", "応対の一覧の1ページ"),
    ("DeskSnapshot", "待っている発信者と担当者"),
    ("Escalation", "エスカレーション"),
    ("FiguresJson", "件数と時間"),
    ("Figures", "件数と時間"),
    ("Hours", "受付時間"),
    ("Instant", "日時。1970年1月1日0時(協定世界時)からのミリ秒"),
    ("Link", "関連する問合せ"),
    ("Millis", "時間(ミリ秒)"),
    ("NewTicket", "登録する問合せ"),
    ("Note", "メモ"),
    ("OutboundView", "外への通話"),
    ("Person", "職員"),
    ("PersonPage", "職員の一覧の1ページ"),
    ("Refusal", "受け付けられない理由"),
    ("Requester", "問合せをした人"),
    ("SearchHit", "見つかった記事"),
    ("SearchReason", "順位の理由"),
    ("SearchResult", "検索の結果"),
    ("StateRequest", "変更する状態"),
    ("StatsReport", "期間の集計"),
    ("StatsRow", "集計の1行"),
    ("Suggestion", "入力の候補"),
    ("TextFragment", "文の一部"),
    ("Ticket", "問合せ"),
    ("TicketChange", "変更する項目"),
    ("TicketContact", "問合せの番号が付いた応対"),
    ("TicketFields", "問合せの内容"),
    ("TicketFieldsToSet", "設定する項目"),
    ("TicketPage", "問合せの一覧の1ページ"),
    ("Today", "今日の件数と時間"),
    ("ParkedCall", "預かっている発信者"),
    ("WaitingCall", "待っている発信者"),
];

const FIELDS: &[(&str, &str)] = &[
    ("abandoned", "放棄の件数"),
    ("abandoned_by_reason", "理由ごとの放棄の件数"),
    (
        "after",
        "次のページを読むときに指定する値。最後のページではnull",
    ),
    ("after_hours", "時間外着信の件数"),
    ("agent", "担当者の識別名"),
    ("agent_leg", "担当者側の音声を暗号化しているかどうか"),
    ("packets_received", "この側から届いた音声のパケットの数"),
    ("packets_lost", "この側から届かなかった音声のパケットの数"),
    ("packets_sent", "この側へ送った音声のパケットの数"),
    (
        "far_packets_lost",
        "送ったパケットのうち、この側に届かなかった数",
    ),
    ("jitter_ms", "届く間隔のゆらぎの最大(ミリ秒)"),
    ("far_jitter_ms", "この側が知らせたゆらぎ(ミリ秒)"),
    ("round_trip_ms", "往復の遅れの最大(ミリ秒)"),
    (
        "silent_ms",
        "他方が話していて、この側から何も届かなかった時間(ミリ秒)",
    ),
    ("trunk", "外線の名前。窓口の電話機ではnull"),
    ("leg", "相手側(caller)か担当者側(agent)か"),
    ("caller_leg", "相手側の音声を暗号化しているかどうか"),
    ("agents", "担当者"),
    ("analyses", "機能分析"),
    ("analyst", "分析する人"),
    ("answer", "回答"),
    ("answer_ms", "回答所要時間"),
    ("answer_rate", "応答率(%)"),
    ("answer_source", "回答の引用元"),
    ("answered", "応答の件数"),
    ("answered_at", "応答した日時"),
    ("arrived_at", "着信した日時"),
    ("articles", "関連するFAQの識別名"),
    ("at", "日時"),
    ("avg_abandoned_wait_ms", "放棄までの平均の待ち時間"),
    ("avg_handle_ms", "平均の応対時間(通話と後処理)"),
    ("avg_talk_ms", "平均の通話時間"),
    ("avg_wait_ms", "平均の待ち時間"),
    ("avg_wrap_up_ms", "平均の後処理時間"),
    ("backlog", "データベースに届いていない記録の数"),
    ("barred", "外への通話を止めた規則"),
    ("by", "誰が。集計では、集計の単位"),
    ("by_agent", "担当者ごとの件数と時間"),
    ("by_hour", "時間帯ごとの件数と時間"),
    ("by_line", "回線ごとの件数と時間"),
    ("call", "通話の番号"),
    ("Call.call", "通話"),
    ("calls", "通話"),
    ("OutboundView.calls", "外への通話の数"),
    ("category", "分類の識別名"),
    ("cause", "終わった理由"),
    ("channel", "受付方法"),
    ("closes_at", "受付が終わる日時"),
    ("code", "理由の名前"),
    (
        "command",
        "変更(ready：受付可、away：離席、end_wrap_up：後処理の終了、log_out：受付終了)",
    ),
    ("contacts", "応対"),
    ("database_up", "データベースに接続できている"),
    ("day", "日"),
    ("department", "部署"),
    ("desk", "待っている発信者と担当者"),
    ("desk_only", "窓口の中だけの記事"),
    ("direction", "通話の区分"),
    ("division", "業務区分の識別名"),
    ("done_at", "完了した日時"),
    ("due", "回答の期限"),
    ("due_at", "一次回答の期限"),
    ("ended_at", "終わった日時"),
    ("error", "受け付けられない理由"),
    ("escalations", "エスカレーション"),
    ("events", "起きたこと"),
    ("excerpt", "本文の一部"),
    ("extension", "内線番号"),
    ("fields", "問合せの内容"),
    ("finding", "分かったこと"),
    ("first_answer_at", "一次回答の日時"),
    ("former_ledger", "移行元の台帳の名前"),
    ("former_number", "移行元の番号"),
    ("from", "始まり"),
    ("StatsReport.from", "最初の日"),
    ("Caller.from", "発信者の番号"),
    ("from_isub", "発信者のサブアドレス"),
    ("hits", "見つかった記事"),
    ("hour", "時"),
    ("id", "識別名"),
    ("Person.id", "職員番号"),
    ("impact", "影響度"),
    ("incident", "障害"),
    ("items", "項目"),
    ("kana", "氏名(カナ)"),
    ("kind", "種類"),
    ("last_at", "最後に起きたことの日時"),
    ("last_seq", "最後に起きたことの順番"),
    ("late", "期限を過ぎている"),
    ("left_on", "退職日・転出日"),
    ("line", "回線"),
    ("links", "関連する問合せ"),
    ("mail", "メールアドレス"),
    ("marked", "探した言葉"),
    ("max_wait_ms", "最も長い待ち時間"),
    ("merged_into", "統合先の受付番号"),
    ("message", "理由の説明"),
    ("month", "月"),
    ("name", "氏名"),
    ("near", "当てはまるものがなく、近いものだけが見つかった"),
    ("next", "いまの通話の後の状態"),
    ("no_number", "番号がない理由"),
    ("node", "機械の名前"),
    ("notes", "メモ"),
    ("now", "いまの日時"),
    ("number", "電話番号"),
    ("Ticket.number", "受付番号"),
    ("SearchHit.number", "記事の番号"),
    ("Article.number", "記事の番号"),
    ("numbers", "電話番号。最初のものが主な番号"),
    ("offered", "着信の件数"),
    ("open", "受付時間内"),
    ("opens_at", "次に受付が始まる日時"),
    ("other", "相手の問合せの内部の識別名"),
    ("outbound", "発信の件数"),
    ("DeskSnapshot.outbound", "外への通話"),
    ("outbound_answered", "相手が応答した発信の件数"),
    ("outbound_barred", "規則で止めた発信の件数"),
    (
        "outbound_barred_by_reason",
        "理由ごとの、規則で止めた発信の件数",
    ),
    ("outcome", "結果"),
    ("outcome_at", "結果が決まった日時"),
    ("outside", "外への通話"),
    ("owner", "担当の利用者の識別名"),
    ("p50_wait_ms", "待ち時間の中央値"),
    ("p90_wait_ms", "待ち時間の90パーセンタイル"),
    ("page", "ページの番号"),
    ("parked", "預かっている発信者"),
    ("parked_at", "預けた日時"),
    ("parked_by", "預けた担当者"),
    ("parts", "担当者ごとの部分"),
    ("people", "職員"),
    ("person", "職員番号"),
    ("priority", "優先度"),
    ("query", "探した文"),
    ("question", "質問"),
    ("quote", "引用元を付けた回答"),
    ("reachable", "電話機に接続できる"),
    ("reason", "理由"),
    ("reasons", "順位の理由"),
    ("received_at", "受付日時"),
    ("recovered", "終わりを後から補った応答の件数"),
    ("relation", "関係"),
    ("remind_at", "催促する日時"),
    ("requester", "問合せをした人"),
    ("returned_at", "回答が届いた日時"),
    ("ringing", "呼び出している担当者"),
    ("route", "経路"),
    ("rows", "集計の行"),
    ("score", "点数"),
    ("confidence", "質問に答えている確からしさ(0から1まで)"),
    ("passage", "答えの中で、質問に最も合う部分"),
    (
        "verdict",
        "先頭の結果が答えか(answer)、近いだけか(near)、見つからなかったか(none)",
    ),
    (
        "sensitive_confirmed",
        "個人番号などのように見える数字が、番号でないことを確かめた",
    ),
    ("sent", "送った内容"),
    ("sent_at", "送った日時"),
    ("seq", "順番"),
    ("service_level", "サービスレベル(%)"),
    ("share", "割合"),
    ("short_abandoned", "短時間放棄の件数"),
    ("since", "いつから"),
    ("site", "拠点"),
    ("source", "引用元の種類"),
    ("Article.source", "出どころ(faq：FAQ、ticket：問合せ)"),
    ("SearchHit.source", "出どころ(faq：FAQ、ticket：問合せ)"),
    ("state", "状態"),
    ("status", "状態"),
    ("stopped", "今日の発信を止めている"),
    ("slot", "預かっている場所の番号"),
    ("stopped_agents", "今日の発信を止めている担当者"),
    ("system", "システム"),
    ("tags", "タグ"),
    ("talk_ended_at", "通話が終わった日時"),
    ("target", "転送先の種類"),
    ("target_answer_rate", "応答率の目標値(%)"),
    ("text", "文"),
    ("texts", "言葉"),
    ("ticket", "受付番号"),
    ("tickets", "問合せ"),
    ("time_zone", "日と時間帯の時間帯"),
    ("to", "着信した番号"),
    ("StatsReport.to", "最後の日"),
    ("to_isub", "着信した番号のサブアドレス"),
    ("today", "今日の件数と時間"),
    ("total", "全体の件数"),
    ("Today.total", "すべての通話の件数と時間"),
    ("until", "終わり"),
    ("updated_at", "最後に変更した日時"),
    ("urgency", "緊急度"),
    ("urgent", "緊急"),
    ("vendor", "エスカレーション先"),
    ("version", "版"),
    ("waiting", "応対前の件数"),
    ("DeskSnapshot.waiting", "待っている発信者"),
    ("with", "三者で話す相手の通話"),
    ("work_minutes", "工数(分)"),
    ("wrap_up_ended_at", "後処理が終わった日時"),
];

/// Puts the words in the place of those of the code.
pub(super) fn tell(document: &mut Value) {
    let schemas = document.pointer_mut("/components/schemas");
    let Some(schemas) = schemas.and_then(Value::as_object_mut) else {
        return;
    };
    for (name, schema) in schemas {
        tell_schema(name, schema);
        let word = SCHEMAS.iter().find(|(known, _)| known == name);
        if let (Some((_, word)), Some(schema)) = (word, schema.as_object_mut()) {
            schema.insert("description".to_owned(), Value::from(*word));
        }
    }
}

fn tell_schema(name: &str, schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else {
        return;
    };
    schema.remove("description");
    // Names of fields are texts, whatever they are in the code.
    schema.remove("propertyNames");
    for part in ["allOf", "oneOf", "anyOf"] {
        let all = schema.get_mut(part).and_then(Value::as_array_mut);
        for one in all.into_iter().flatten() {
            tell_schema(name, one);
        }
    }
    for part in ["items", "additionalProperties"] {
        if let Some(part) = schema.get_mut(part) {
            tell_schema(name, part);
        }
    }
    let fields = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (field, value) in fields.into_iter().flat_map(Map::iter_mut) {
        let own = value.get("description").and_then(Value::as_str);
        let own = own.filter(|own| !own.is_ascii()).map(str::to_owned);
        tell_schema(name, value);
        let word = word(name, field).map(str::to_owned).or(own);
        if let (Some(word), Some(value)) = (word, value.as_object_mut()) {
            value.insert("description".to_owned(), Value::from(word));
        }
    }
}

/// What a field is called: in this schema, or wherever it is named so.
fn word(schema: &str, field: &str) -> Option<&'static str> {
    let find = |name: &str| FIELDS.iter().find(|(known, _)| *known == name);
    let found = find(&format!("{schema}.{field}")).or_else(|| find(field));
    found.map(|(_, word)| *word)
}
